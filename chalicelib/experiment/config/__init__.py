"""The settings of an experiment: which there are, where they come from, what is wrong with them."""
