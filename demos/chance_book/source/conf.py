"""Sphinx's settings; `sphinx-build demos/chance_book/source out` builds the book as a website."""

project = "Chance and evidence"
extensions = ["myst_parser", "petri.sphinx"]
myst_enable_extensions = ["dollarmath"]
