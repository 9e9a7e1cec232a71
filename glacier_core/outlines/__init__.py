"""Outlines of glaciers: files in, one schema, rasters and polygons."""
