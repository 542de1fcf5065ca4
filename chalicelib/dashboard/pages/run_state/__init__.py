"""Pages on a run while it takes place: the view Live, messages, and Stop."""
