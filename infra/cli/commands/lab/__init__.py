"""What `petri lab` does: serves a lab, and connects it with apps."""
