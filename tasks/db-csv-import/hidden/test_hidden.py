import convert
import pytest


@pytest.fixture
def reason():
    """Return a function that tells why a field is refused."""

    def told(field, **column):
        with pytest.raises(ValueError) as caught:
            convert.convert(field, {"name": "x", **column})
        return str(caught.value)

    return told


def test_reasons(reason):
    """The message is the reason, one word."""
    assert reason(" ", type="date", required=True) == "required"
    assert reason("abc", type="text", max=2) == "length"
    assert reason("abc", type="text", values=["a"]) == "value"
    assert reason("abc", type="text", max=2, values=["a"]) == "length"
    assert reason("x", type="integer") == "integer"
    assert reason("9", type="integer", max=8) == "range"
    assert reason("x", type="decimal", min=3) == "decimal"
    assert reason("0.02", type="decimal", min=3) == "range"
    assert reason("31.4.2024", type="date") == "date"
    assert reason("x", type="boolean") == "boolean"


def test_column_stays_as_it_is():
    """No column is changed."""
    column = {"name": "x", "type": "decimal", "default": 5}
    assert convert.convert("", column) == 5
    assert convert.convert("1", column) == 100
    assert column == {"name": "x", "type": "decimal", "default": 5}
