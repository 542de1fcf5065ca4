"""Classes of studies over every engine."""
