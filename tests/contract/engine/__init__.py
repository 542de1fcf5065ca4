"""Every engine stores, reads and commits alike."""
