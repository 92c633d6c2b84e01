"""Converts units of measurement."""

__version__ = ".".join(map(str, (2, 1, 0)))
