"""Signs people in to the dashboard: with a link, with a password and a code, or another way."""
