"""Books: pages that participants open in any order, and what they have read."""
