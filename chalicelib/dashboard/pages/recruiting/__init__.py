"""Pages about recruitment: its state and actions, and the QR codes of entry links."""
