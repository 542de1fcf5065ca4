"""Routes for people who manage a run: the JSON API."""
