"""Forms groups, releases them from waits, gives places in networks."""
