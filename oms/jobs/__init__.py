"""The job door: what RQ workers and the clock run."""
