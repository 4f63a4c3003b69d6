"""Log formats: one line for each event, as JSON for machines or as text for people.

A line has the facts of its request: number, user, address, method and path. It never has the
query string, the body or a cookie. Further facts of an event come as ``extra={"facts": {...}}``.
"""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

from users.address import client_address

current_request = ContextVar("current_request", default=None)


class JsonFormatter(logging.Formatter):
    def format(self, record):
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **facts(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # In ASCII, no character of a name or an address ends the line.
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    def format(self, record):
        known = facts(record)
        said = [
            f"{datetime.fromtimestamp(record.created):%H:%M:%S}",
            record.levelname,
            record.getMessage(),
            *(f"{name}={known[name]}" for name in ("request", "ruc", "user") if name in known),
        ]
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(said))
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class FailuresFilter(logging.Filter):
    """Leave out a request that was refused: an ERROR is what somebody has to mend, no visitor's."""

    def filter(self, record):
        return not hasattr(getattr(record, "request", None), "refusal")


def facts(record: logging.LogRecord) -> dict:
    """Return the facts of the request and those of the event."""
    # Django logs a response after our middleware has ended; its record has the request.
    request = current_request.get() or getattr(record, "request", None)
    known = of_request(request) if hasattr(request, "number") else {}
    return known | getattr(record, "facts", {})


def of_request(request) -> dict:
    """Return the facts of a request."""
    known = {
        "request": request.number,
        "address": client_address(request),
        "method": request.method,
        "path": request.path,
    }
    # Only a user who is loaded already: do not query the database for a log line.
    user = getattr(request, "_cached_user", None)
    if user is not None and user.is_authenticated:
        known["user"] = user.get_username()
        if user.operator_id:
            known["ruc"] = user.operator.ruc
    return known
