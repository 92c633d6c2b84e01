import pytest
import greeter
from greeter.greetings import UnknownLanguageError, greeting


def test_version():
    assert greeter.__version__ == "1.4.0"


def test_greetings():
    assert greeting("Ada") == "Hello, Ada!"
    assert greeting("Ada", "de") == "Hallo, Ada!"
    assert greeting("", language="eo") == "Saluton, !"
    assert greeting("{name}", "fr") == "Bonjour, {name}!"


def test_unknown_language():
    with pytest.raises(UnknownLanguageError):
        greeting("Ada", "tlh")
    with pytest.raises(ValueError):
        greeting("Ada", "")
