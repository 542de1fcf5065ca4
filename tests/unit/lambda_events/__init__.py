"""HTTP requests and frames as Lambda's events."""
