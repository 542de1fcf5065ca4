"""One participant's way: entry, eligibility, questions, completion, submission."""
