"""What studies are written with: the timeline, its elements, items, pages, players and groups."""
