"""The emulator's process: its start, its addresses, and the record of its calls."""
