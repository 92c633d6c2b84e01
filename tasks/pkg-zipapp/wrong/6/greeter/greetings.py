"""Finds the words."""

WORDS = {"en": "Hello", "de": "Hallo", "fr": "Bonjour", "eo": "Saluton"}


class UnknownLanguageError(ValueError):
    """Nobody has taught us this language."""


def greeting(name, language="en"):
    """Return the greeting for somebody."""
    if language not in WORDS:
        raise UnknownLanguageError(language)
    return f"{WORDS[language]}, {name}!"
