"""Petri's version, in a place that is there however Petri was installed, inside Lambda too."""

VERSION = "0.1.0"
#: A file in folders that were staged or archived; it says which versions they were made with.
MARK = ".petri-version.json"
