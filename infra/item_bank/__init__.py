"""Item banks: imports items from other programs' files into `items/`, and exports them again."""
