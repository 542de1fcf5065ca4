"""Exactly what runs inside Lambda; one room per folder, imports point one way (ARCHITECTURE.md)."""
