"""The operations of the API, by resource: each with its right, its parameters and its answer."""
