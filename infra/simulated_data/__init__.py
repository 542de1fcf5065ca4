"""`petri simulate`: the data of a run with many bots, in simulated time."""
