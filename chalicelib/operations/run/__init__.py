"""The run as a whole: its launch, its summary, the author's own routes."""
