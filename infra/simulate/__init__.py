"""A whole run in simulated time, with bots as participants."""
