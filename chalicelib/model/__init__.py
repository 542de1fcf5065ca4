"""The nouns of an experiment, plain Python, and the rules between them."""
