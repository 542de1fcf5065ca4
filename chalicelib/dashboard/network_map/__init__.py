"""Draws networks: places the nodes by the shape of the network, and computes the lines between them."""
