"""Pages on the materials of studies: assets."""
