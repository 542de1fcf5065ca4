"""The pages of the dashboard: a module has the name of its tab."""
