import sys

WORDS = {"en": "Hello", "de": "Hallo", "fr": "Bonjour", "eo": "Saluton"}
VERSION = "1.4.0"


def greeting(name, language):
    return WORDS[language] + ", " + name + "!"


# usage: greet.py [NAME] [LANGUAGE]
name = sys.argv[1] if len(sys.argv) > 1 else "World"
language = sys.argv[2] if len(sys.argv) > 2 else "en"
print(greeting(name, language))
