"""Outgoing webhooks: who wants to be told what, what waits to be told, and how it is told."""
