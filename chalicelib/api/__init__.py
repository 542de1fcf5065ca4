"""The JSON API: one table of operations, from which requests are read and the OpenAPI document is made."""
