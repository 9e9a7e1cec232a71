"""Simulated glacier scenes: terrain, ice, cover, light and instrument from one seed."""
