"""The tools of `petri debug`: pages that follow changed files, a debug bar, a view of a whole group."""
