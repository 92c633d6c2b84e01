import pytest
import template


def refused(text, line, data=None):
    """The template is refused, and the message begins with the line."""
    with pytest.raises(ValueError) as caught:
        template.render(text, data or {})
    assert str(caught.value).startswith(f"line {line}: "), str(caught.value)


def test_line_of_what_is_not_closed():
    """It is the line of the opening."""
    refused("a\n\n{{ b\n\n", 3)
    refused("a\n{% if x %}\n{% for y in z %}\n{% endfor %}\n", 2)
    refused("\n{% if x %}\n{% for y in z %}\n{% else %}\n", 3)


def test_line_of_malformed_tags():
    """It is the line on which the tag begins."""
    refused("a\n{% foo %}", 2)
    refused("{# one\ntwo #}\n\n{{ a | foo }}", 4)
    refused("{% if a %}\n{% elif %}\n{% endif %}", 2)
    refused("{{ a }}\n{%\nset\n1 %}", 2)
    refused("x\n{% if a %}\n{% endfor %}", 3)


def test_line_of_values_that_do_not_fit():
    """It is the line of the tag that uses them."""
    refused("\n\n{% for x in n %}\n{% endfor %}", 3, {"n": 3})
    refused("{% if yes %}\n{{ n | join }}\n{% endif %}", 2, {"n": 3, "yes": True})
    refused("{% if no %}\n{% elif n < 'x' %}\n{% endif %}", 2, {"n": 3})
    refused("{% for x in a -%}\n\n\n{% set b = x | join %}{% endfor %}", 4, {"a": [[], 1]})


def test_data_stays_as_it_is():
    """Neither set nor a loop changes the data."""
    data = {"a": [1, 2], "b": {"c": 3}}
    assert template.render("{% set a = 5 %}{% for b in data %}{% endfor %}{% for c in b %}{% set b = 1 %}{% endfor %}{{ a }}", data) == "5"
    assert data == {"a": [1, 2], "b": {"c": 3}}
    assert template.render("{{ a.1 }}{{ b.c }}", data) == "23"


def test_calls_know_nothing_of_each_other():
    """What one template sets the next one does not see."""
    assert template.render("{% set x = 1 %}{{ x }}", {}) == "1"
    assert template.render("[{{ x }}]", {}) == "[]"
