"""Tests of a deployed app's resources."""
