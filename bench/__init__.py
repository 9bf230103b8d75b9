"""`make bench`: what a request costs, beside what the same machine can do at all."""
