"""Satellite imagery and terrain of any place on Earth, from open archives."""
