"""Apps that are deployed: found, watched, summarized, exported."""
