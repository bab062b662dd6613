"""Logging until a command says otherwise: warnings to stderr, one line each, without content.

structlog takes 0.2 s to load, and few commands log anything. Its own default writes to stdout,
with the values of an error's frames: so it is set up (`vigie.logs`) as soon as anything loads it.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType

# They warn of every connection that fails, which our own sentence says better.
LOUD = ("elastic_transport", "urllib3")


def begin() -> None:
    """Tell warnings of libraries by place only; set structlog up when it is first imported."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlaceOnly())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.ERROR)
    if "structlog" in sys.modules:
        _configure()
    else:
        sys.meta_path.insert(0, _AtFirst())


def _configure() -> None:
    from vigie import logs

    logs.configure(least=logging.WARNING)


class _PlaceOnly(logging.Formatter):
    """The text of a foreign message can hold content; where it comes from cannot."""

    def format(self, record: logging.LogRecord) -> str:
        return (
            f"{record.levelname.lower()} library-message {record.name} "
            f"function={record.funcName} line={record.lineno}"
        )


class _AtFirst:
    """Finds structlog as all others do, and has it set up behind its import."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own spec with a loader of ours; None for every other module."""
        if name != "structlog":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Configuring(spec.loader)
        return spec


class _Configuring(Loader):
    """Loads as the real loader does, then sets the module up."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the real loader."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the real loader; then the command's logs are set up."""
        self._loader.exec_module(module)
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        if "vigie.logs" not in sys.modules:  # else it is being imported, to be set up at once
            _configure()
