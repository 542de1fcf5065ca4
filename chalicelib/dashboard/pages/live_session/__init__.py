"""Pages on a run while it takes place: who waits and plays, messages, and Stop."""
