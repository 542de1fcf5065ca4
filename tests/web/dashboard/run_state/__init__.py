"""The dashboard's pages on a run while it takes place: Live, messages, Stop."""
