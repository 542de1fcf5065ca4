"""README and tutorial, followed as they are written."""
