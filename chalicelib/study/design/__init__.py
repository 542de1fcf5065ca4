"""The design of a study: factors, cells, orders, and the sequence of its slots."""
