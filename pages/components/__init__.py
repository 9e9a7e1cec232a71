"""What the pages share: state, the map, progress, upload and texts."""
