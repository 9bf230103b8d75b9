"""Orders by the million, for measuring and for trying things out."""
