"""Finds the words."""

import json
import pkgutil

WORDS = json.loads(pkgutil.get_data(__package__, "data/words.json"))


class UnknownLanguageError(ValueError):
    """Nobody has taught us this language."""


def greeting(name, language="en"):
    """Return the greeting for somebody."""
    if language not in WORDS:
        raise UnknownLanguageError(language)
    return f"{WORDS[language]}, {name}!"
