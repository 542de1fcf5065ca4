"""Item banks that studies share."""
