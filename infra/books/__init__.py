"""`petri import-book`: reads a Sphinx project, and mirrors it in a study's folder."""
