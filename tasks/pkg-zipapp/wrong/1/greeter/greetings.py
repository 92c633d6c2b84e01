"""Finds the words."""

import json
import os

WORDS = json.load(open(os.path.join(os.path.dirname(__file__), "data", "words.json")))


class UnknownLanguageError(ValueError):
    """Nobody has taught us this language."""


def greeting(name, language="en"):
    """Return the greeting for somebody."""
    if language not in WORDS:
        raise UnknownLanguageError(language)
    return f"{WORDS[language]}, {name}!"
