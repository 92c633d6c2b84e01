"""Log lines: one each, fields in their order, readable by people or by machines."""

import json
import logging
import sys

from codecraft_server.log import JsonFormatter, KeyValueFormatter


def record(message: str = "call", **extra: object) -> logging.LogRecord:
    """An entry as `logging` makes it."""
    made = logging.makeLogRecord({"name": "codecraft_server.x", "levelname": "INFO", "msg": message, "created": 0.5})
    vars(made).update(extra)
    return made


def test_key_value_lines_have_time_level_logger_event_and_fields() -> None:
    """Plain values are bare; others are quoted so that a line stays a line."""
    line = KeyValueFormatter().format(record(episode="e1", ms=1.5, text='two words\nand "quotes"', empty=""))
    assert line == (
        "time=1970-01-01T00:00:00.500+00:00 level=info logger=codecraft_server.x event=call episode=e1 ms=1.5 "
        'text="two words\\nand \\"quotes\\"" empty=""'
    )


def test_json_lines_have_the_same_fields() -> None:
    """One object a line, also for values that JSON does not know."""
    line = JsonFormatter().format(record(episode="e1", where=object))
    assert "\n" not in line
    fields = json.loads(line)
    assert (fields["event"], fields["episode"], fields["level"], fields["where"]) == ("call", "e1", "info", "<class 'object'>")


def test_a_trace_is_in_the_same_line() -> None:
    """What failed stays with its entry."""
    try:
        int("broken")
    except ValueError:
        failed = record(exc_info=sys.exc_info())
    line = KeyValueFormatter().format(failed)
    assert "\n" not in line
    assert "ValueError: invalid literal" in json.loads(JsonFormatter().format(failed))["trace"]
