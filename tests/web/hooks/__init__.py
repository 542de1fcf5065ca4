"""An author's hooks and routes."""
