"""Arrays and tables in, pictures out: palettes, tiles, layers, charts."""
