"""Socket events: one dispatcher, quorum, channels."""
