"""What the doors of HTTP share: who may come in, how often, and which status each family of failure has."""
