"""The seam to payment providers: one interface, one module for each of them, none of our orders."""
