"""By how much predicted and expert outlines differ, with definitions."""
