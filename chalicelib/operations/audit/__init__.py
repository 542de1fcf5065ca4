"""The audit log: one hash chain for each actor, written in the commit of each change, and its seals."""
