"""Books over every engine: reading on two devices, annotations, practice."""
