"""The dashboard: server-rendered pages with which researchers watch a run and act on it."""
