"""How many places are open, with which recruiter, and within which budget."""
