"""Converts units of measurement."""

from importlib.metadata import version

__version__ = version("unit-tool")
