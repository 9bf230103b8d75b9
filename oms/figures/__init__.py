"""What the dashboard shows: how many, how much, how long. Every figure is found by reading a bounded number of rows."""
