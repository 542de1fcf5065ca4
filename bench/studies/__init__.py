"""Measures a study beside oTree: the same game, plain HTTP clients, each on its default store."""
