"""Tests of a whole app: deploy, launch, monitor, destroy, rehearse."""
