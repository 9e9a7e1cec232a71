"""Networks, one file an architecture; their inputs, weights and cards."""
