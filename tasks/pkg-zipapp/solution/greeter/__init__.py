"""Greetings in several languages."""

__version__ = "1.4.0"
