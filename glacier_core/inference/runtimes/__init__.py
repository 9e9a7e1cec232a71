"""The libraries that can run a network, one module each, and the choice among them."""
