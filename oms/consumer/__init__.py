"""The door messages come in by: Kafka to the same services HTTP uses."""
