"""How the server's log looks: one line an entry on standard error, as `key=value` or as JSON. Knows nothing of what is logged.

Fields are what a call of `logging` is given as `extra`.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

LEVELS = ("debug", "info", "warning", "error")

_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_PLAIN = re.compile(r"[^\s\"=\x00-\x1f\x7f]+")


class _Formatter(logging.Formatter):
    """Turns a record into its fields, in their order."""

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return time (UTC), level, logger, event, what came as `extra`, and the trace if there is one."""
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        trace = {"trace": self.formatException(record.exc_info)} if record.exc_info else {}
        return {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **extra,
            **trace,
        }


class KeyValueFormatter(_Formatter):
    """`key=value` pairs in one line; values with blanks, quotes or control characters are written as JSON strings."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return " ".join(f"{key}={_plain(value)}" for key, value in self.fields(record).items())


class JsonFormatter(_Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(self.fields(record), default=str)


def configure(*, level: str, as_json: bool) -> None:
    """Send the log to standard error, ours from `level` on (one of LEVELS) and that of libraries from warning on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else KeyValueFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("codecraft_server").setLevel(level.upper())


def _plain(value: Any) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
