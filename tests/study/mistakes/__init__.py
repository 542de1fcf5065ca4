"""What participants and authors get wrong: clear errors, and nothing is written."""
