"""Tests of the assignments of classes, their grades and the gradebook."""
