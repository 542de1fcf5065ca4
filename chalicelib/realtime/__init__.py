"""Socket events: one dispatcher, and delivery to channels."""
