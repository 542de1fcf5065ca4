"""Simulated participants of a benchmark, and the server under test."""
