"""Contains the bots: programs that take part over HTTP and sockets, or in a real browser."""
