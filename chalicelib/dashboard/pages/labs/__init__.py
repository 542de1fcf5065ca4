"""Pages of a lab: its apps, how each is doing, and the way into each."""
