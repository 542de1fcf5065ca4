"""A participant's lifecycle: entry, eligibility, questions, completion, submission."""
