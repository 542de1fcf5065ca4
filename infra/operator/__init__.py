"""What an operator does about a run from the command line, whether somebody serves it or not."""
