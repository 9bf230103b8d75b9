"""Orders: the business. Knows no HTTP, no queue worker and no consumer loop."""
