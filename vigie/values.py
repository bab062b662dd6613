"""Values of a command line without pydantic, which typer loads for the plainest of them.

pydantic takes 0.1 s of a processor to load, as long as all else that `vigie scan` does before it
starts its processes. Texts and paths, and defaults, need none of it; whatever else is given is
typer's affair as before. Should typer come to keep its parameters in another way, it does all by
itself again, and a test says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from typer import BadParameter, Context
from typer._coercion import build_runtime_param
from typer._param_types import coerce_cli_path


class Value:
    """Stands in for what typer makes of a parameter to read its values."""

    def __init__(self, descriptor: Any) -> None:
        self._descriptor = descriptor
        kind = descriptor.annotation
        self._is_list = get_origin(kind) is list
        self._kind = get_args(kind)[0] if self._is_list else kind
        self._info = descriptor.parameter_info

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value that a command is called with; raises typer's BadParameter."""
        is_many = param.multiple or param.nargs == -1
        if value is None:
            return () if is_many else None
        given = value if is_many else (value,)
        if self._is_list == is_many and self._is_plain(given):
            with contextlib.suppress(BadParameter):  # typer says what is wrong, of what was given
                found = [self._read(each, param, ctx) for each in given]
                return found if is_many else found[0]
        return build_runtime_param(self._descriptor).coerce(value, param=param, ctx=ctx)

    def _is_plain(self, given: Any) -> bool:
        if self._info.parser is not None or not isinstance(given, list | tuple):
            return False
        if self._kind in (str, Path):
            return all(isinstance(each, str | self._kind) for each in given)
        is_bounded = self._info.min is not None or self._info.max is not None
        return (
            self._kind in (bool, int, float)
            and not is_bounded
            and all(type(each) is self._kind for each in given)
        )

    def _read(self, given: Any, param: Any, ctx: Any) -> Any:
        if self._kind is not Path:
            return given
        return coerce_cli_path(Path(given), self._info, path_type=Path, param=param, ctx=ctx)


def plainly(command: Any) -> Any:
    """A command made by typer, and all below it, that read their values so."""
    for each in _and_below(command):
        for param in each.get_params(Context(each)):  # the one that asks for help as well
            if getattr(param, "_runtime_param", "none of typer's") is None:
                param._runtime_param = Value(param.type_descriptor)  # noqa: SLF001
    return command


def _and_below(command: Any) -> Iterator[Any]:
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from _and_below(each)
