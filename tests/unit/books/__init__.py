"""Books: imported from Sphinx projects."""
