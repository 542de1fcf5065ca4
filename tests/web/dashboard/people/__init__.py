"""Tests of the pages about the people who manage a run."""
