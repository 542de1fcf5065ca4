"""How a run went, in numbers: its state now, its pay by the hour, its participants by status."""
