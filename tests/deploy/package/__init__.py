"""Tests of the package for Lambda: staging, dependency resolution, build."""
