"""The schema of a leaked file: encoding, delimiter, header, and the type of each column."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching.errors import SchemaError
from matching.fields import FieldType

KEYS = ("encoding", "delimiter", "header", "quoted", "columns")


@dataclass(frozen=True, slots=True)
class Schema:
    """`columns` pairs a header name, or a position where there is none, with a type."""

    encoding: str
    delimiter: str
    header: bool
    columns: tuple[tuple[str, FieldType], ...]
    quoted: bool = True

    def to_json(self) -> dict[str, Any]:
        """As `vigie leak inspect --json` prints it."""
        return {
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "header": self.header,
            "quoted": self.quoted,
            "columns": {name: str(kind) for name, kind in self.columns},
        }

    def to_toml(self) -> str:
        """As `vigie leak inspect` prints it and `--schema` takes it."""
        lines = [
            f"encoding = {_quote(self.encoding)}",
            f"delimiter = {_quote(self.delimiter)}",
            f"header = {'true' if self.header else 'false'}",
            f"quoted = {'true' if self.quoted else 'false'}",
            "[columns]",
        ]
        lines += [f"{_key(name)} = {_quote(str(kind))}" for name, kind in self.columns]
        return "\n".join(lines) + "\n"

    def types(self, header: list[str]) -> list[FieldType]:
        """The type of each column of a file with this header; raises SchemaError."""
        known = dict(self.columns)
        names = unique_names(header) if self.header else [str(at) for at in range(len(header))]
        unknown = [name for name in known if name not in names]
        if unknown:
            raise SchemaError(
                f"The schema names {len(unknown)} column(s) that the file does not have. "
                "Run `vigie leak inspect` on the file and take its names."
            )
        return [known.get(name, FieldType.IGNORE) for name in names]


def unique_names(header: list[str]) -> list[str]:
    """Header names, made distinct: an empty one becomes its position, a second one gets it."""
    names: list[str] = []
    for at, untrusted_name in enumerate(header):
        name = untrusted_name.strip() or str(at)
        names.append(f"{name} ({at})" if name in names else name)
    return names


def _quote(text: str) -> str:
    out = "".join(
        {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r"}.get(
            char, char if char >= " " and char != "\x7f" else f"\\u{ord(char):04x}"
        )
        for char in text
    )
    return f'"{out}"'


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _quote(name)


def read_schema(path: Path) -> Schema:
    """Read a schema file; raises SchemaError with what is wrong and where."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SchemaError(
            f"There is no schema at {path}. `vigie leak inspect FILE > {path}` writes one."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SchemaError(f"{path} is no valid TOML: {error}.") from None
    return schema_from(data, str(path))


def schema_from(data: dict[str, Any], where: str) -> Schema:
    """A schema from its parsed form; raises SchemaError."""
    for key in data:
        if key not in KEYS:
            raise SchemaError(f"{where}: {key} is no key of a schema; it has {', '.join(KEYS)}.")
    columns = data.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise SchemaError(f"{where}: [columns] is missing; it names the type of each column.")
    pairs: list[tuple[str, FieldType]] = []
    for name, kind in columns.items():
        try:
            pairs.append((str(name), FieldType(kind)))
        except ValueError:
            raise SchemaError(
                f"{where}: a column has a type that does not exist. "
                f"The types are: {', '.join(FieldType)}."
            ) from None
    delimiter = data.get("delimiter", ";")
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise SchemaError(f"{where}: delimiter must be one character.")
    encoding = str(data.get("encoding", "utf-8"))
    try:
        "".encode(encoding)
    except LookupError:
        raise SchemaError(f"{where}: encoding is none that Python knows.") from None
    header, quoted = data.get("header", True), data.get("quoted", True)
    if not isinstance(header, bool) or not isinstance(quoted, bool):
        raise SchemaError(f"{where}: header and quoted must be true or false.")
    return Schema(encoding, delimiter, header, tuple(pairs), quoted)
