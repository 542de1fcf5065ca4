"""Services that collect fees: their protocol on loopback, and what Petri takes from them."""
