"""What an operator does at Mechanical Turk by hand: look at HITs, end or extend them, mark workers."""
