"""The console: web pages for staff. A door like the API, over the same services."""
