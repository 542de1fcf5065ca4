"""The library of studies: entries that are published, found, copied, rated, renamed and deleted."""
