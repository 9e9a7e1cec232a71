"""Where scenes come from, one module a kind."""
