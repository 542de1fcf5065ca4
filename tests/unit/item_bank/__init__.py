"""Item banks: imports and exports."""
