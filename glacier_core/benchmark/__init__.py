"""The benchmark: networks and simple rules on tile datasets, in one tidy table."""
