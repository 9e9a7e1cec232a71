"""From a scene and a model to a map: windows, blending, jobs, cache."""
