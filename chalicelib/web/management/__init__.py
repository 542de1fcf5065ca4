"""Routes for people who manage a run: the dashboard, and the JSON API."""
