"""Contains exactly what runs in Lambda; imports point one way (ARCHITECTURE.md)."""
