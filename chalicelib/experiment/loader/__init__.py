"""From an author's folder to an experiment class that can run."""
