"""Live updates: what happens to an order is sent while it happens, to whoever watches it."""
