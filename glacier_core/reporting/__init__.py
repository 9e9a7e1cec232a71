"""What leaves the program: tables, outlines and their provenance."""
