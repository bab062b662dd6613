"""Logs: one JSON object a line, no content.

Our own events are chosen words and counts. Messages of libraries can hold addresses or text of
a page, so only where they come from is kept: logger, level, function and line.
"""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog
from structlog.typing import EventDict, WrappedLogger

from vigie.quiet import LOUD

OURS = ("vigie", "scheduler", "crawler", "index", "matching", "review", "egress", "capture")


def configure(path: Path | None = None, *, human: bool = False, least: int = logging.INFO) -> None:
    """Send events to `path` as JSON Lines (rotated at 10 MB, five kept) or to stderr.

    `human` adds short lines on stderr for people; `least` is the level from which our own events
    are told. Calling it again replaces the handlers. Every command calls it before anything can
    be logged: structlog's own default writes to stdout, with the values of an error's frames.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handlers: list[logging.Handler] = []
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=True)
        handlers.append(RotatingFileHandler(path, maxBytes=10_000_000, backupCount=5))
        handlers[-1].setFormatter(_formatter(shared, structlog.processors.JSONRenderer()))
    if human or path is None:
        stream = logging.StreamHandler(sys.stderr)
        stream.setFormatter(_formatter(shared, structlog.dev.ConsoleRenderer(colors=False)))
        if path is not None:
            stream.addFilter(lambda record: record.name.split(".")[0] in OURS)
        handlers.append(stream)
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in OURS:
        logging.getLogger(name).setLevel(least)


def _formatter(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.ExtraAdder(allow=[]),
            *shared,
            _where_only,
        ],
        processors=[
            _drop_traceback,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
        ],
    )


def _where_only(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Replace a library's message by the place it came from."""
    record: logging.LogRecord = event["_record"]
    event["event"] = "library-message"
    event["function"] = record.funcName
    event["line"] = record.lineno
    return event


def _drop_traceback(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Keep an exception's kind and place; its text and its frames can hold content."""
    info = event.pop("exc_info", None)
    record = event.get("_record")
    if record is not None and record.exc_info:
        info, record.exc_info, record.exc_text = record.exc_info, None, None
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        event["error"] = type(error).__name__
        if trace:
            event["at"] = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
    return event
