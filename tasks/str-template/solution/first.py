"""First step of the template engine: it prints values and knows no tags yet."""

import html

from expressions import evaluate, text_of, value_of
from pieces import split


def render(text, data):
    """Return the text that a template makes of the data."""
    out = []
    for kind, content, *_ in split(text):
        if kind == "text":
            out.append(content)
        elif kind == "print":
            out.append(html.escape(text_of(evaluate(value_of(content), data))))
    return "".join(out)
