"""The base pages and their scripts, against a scripted server."""
