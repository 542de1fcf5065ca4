"""Tables of what a run shows: its uploaded assets."""
