"""How many places are open, with which recruiter, and what they may cost."""
