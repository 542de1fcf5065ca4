"""Routes with which people join live sessions."""
