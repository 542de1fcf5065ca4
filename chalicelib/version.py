"""Defines Petri's version in a module that every installation has, Lambda included."""

VERSION = "0.1.0"
#: A file in staged and archived folders that records the versions they were made with.
MARK = ".petri-version.json"
