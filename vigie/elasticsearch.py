"""The search index in Elasticsearch, built from the configuration; and its first setting up."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from vigie.config import ConfigError, ElasticsearchConfig

if TYPE_CHECKING:
    from index.elasticsearch import ElasticsearchIndex
    from index.elasticsearch_client import Access

# Which key of the configuration names the file of which role's key.
KEY_FILES = {
    "crawler": "crawler_key_file",
    "review": "api_key_file",
    "rebuild": "rebuild_key_file",
}


def open_elasticsearch(config: ElasticsearchConfig) -> ElasticsearchIndex:
    """The index; nothing is sent yet. Raises ConfigError and IndexUnavailable."""
    from index.elasticsearch import ElasticsearchIndex
    from index.elasticsearch_layout import Names

    return ElasticsearchIndex(
        _access(config, config.api_key_file),
        names=Names(config.prefix),
        crawler=_access(config, config.crawler_key_file or config.api_key_file),
        rebuild=_access(config, config.rebuild_key_file or config.api_key_file),
    )


def set_up(
    config: ElasticsearchConfig, user: str, password: str, folder: Path
) -> list[tuple[str, Path]]:
    """Make templates and indices and, with a user, roles and keys in `folder`; the lines for the
    configuration. Raises ConfigError and IndexUnavailable."""
    from index.elasticsearch_client import Access, checked_version, connect
    from index.elasticsearch_layout import Names
    from index.elasticsearch_rebuild import make_key, make_roles
    from index.elasticsearch_rebuild import set_up as make_indices

    names = Names(config.prefix)
    if user:
        access = Access(
            config.url, user=user, password=password,
            ca_file=config.ca_file, fingerprint=config.fingerprint,
        )  # fmt: skip
    else:
        access = _access(config, config.rebuild_key_file or config.api_key_file)
    with closing(connect(access)) as client:
        checked_version(client)
        make_indices(client, names)
        if not user:
            return []
        make_roles(client, names)
        found = []
        for role, key in KEY_FILES.items():
            path = folder / f"elasticsearch-{role}.key"
            if not path.exists():
                _write_key(path, make_key(client, names, role))
            found.append((key, path.resolve()))
        return found


def _write_key(path: Path, key: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(
            f"The key {path} cannot be written: {error.strerror}. Name another folder with --keys."
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{key}\n")


def _access(config: ElasticsearchConfig, key_file: Path | None) -> Access:
    from index.elasticsearch_client import Access

    key = ""
    if key_file is not None:
        try:
            key = key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(
                f"The key file {key_file} of [elasticsearch] cannot be read; `vigie index setup` "
                "makes it."
            ) from None
    return Access(config.url, api_key=key, ca_file=config.ca_file, fingerprint=config.fingerprint)
