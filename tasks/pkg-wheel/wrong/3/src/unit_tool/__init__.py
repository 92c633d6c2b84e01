"""Converts units of measurement."""

__version__ = "2.1.0"
