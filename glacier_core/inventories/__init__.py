"""Glaciers by name, id and place, and the outlines experts drew of them."""
