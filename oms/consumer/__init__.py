"""The Kafka door: messages that move orders."""
