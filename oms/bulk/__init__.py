"""Many orders at once, in and out: what is the same for HTTP, for jobs and for the command line."""
