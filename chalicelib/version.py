"""Petri's version, in a place that is there however Petri was installed, inside Lambda too."""

VERSION = "0.1.0"
