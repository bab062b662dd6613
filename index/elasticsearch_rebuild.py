"""New indices beside those in use, put in their place by one change of the aliases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from elasticsearch import ApiError, BadRequestError, Elasticsearch, TransportError

from index.documents import Digest
from index.elasticsearch_client import shielded
from index.elasticsearch_layout import Names, mappings, roles, templates
from index.elasticsearch_write import bulk, sequenced
from index.errors import IndexUnavailable
from index.search import Document, Refusal, Summary

PAGE = 1000
KEEP_ALIVE = "5m"
# The swap looks again for parts that were made meanwhile.
LOOKS = 3


class ElasticsearchRebuild:
    """See Rebuild: the indices of the next generation."""

    workers = 2

    def __init__(self, client: Elasticsearch, names: Names) -> None:
        self._client = client
        self._names = names
        self._present = present_generation(client, names)
        with shielded():
            everything = list(client.indices.get(index=names.pattern, filter_path="*.aliases"))
        # What an ended rebuild left; its generation is not given out again either.
        left = [name for name in everything if names.generation(name) > self._present]
        self._generation = max([self._present, *map(names.generation, left)]) + 1
        _remove(client, left)
        self._made: set[str] = set()
        self._making = threading.Lock()
        for first in ("alert-0", "hit-0"):
            self._make(first)
        self._swapped = False

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """See Rebuild."""
        lines = []
        for one in documents:
            index = self._make(one.id)
            text = one.text if one.kind == "hit" else sequenced(one)
            lines.append(({"create": {"_index": index, "_id": one.id}}, text))
        found = bulk(self._client, documents, lines, through_alias=False)
        if found.homeless:
            raise IndexUnavailable("The new index was removed while it was filled.")
        # A conflict is a document that an earlier attempt brought there.
        return found.refused

    def summary(self, kind: str, seen: Callable[[int], None] = lambda _number: None) -> Summary:
        """See Rebuild."""
        digest = Digest()
        indices = sorted(
            name for name in self._made if name.startswith(f"{self._names.alias(kind)}-")
        )
        with shielded():
            self._client.indices.refresh(index=indices)
            held = self._client.open_point_in_time(index=indices, keep_alive=KEEP_ALIVE)["id"]
        more: dict[str, Any] = {}
        try:
            while True:
                with shielded():
                    answer = self._client.search(
                        pit={"id": held, "keep_alive": KEEP_ALIVE}, size=PAGE,
                        sort=["_shard_doc"], track_total_hits=False, **more,
                    )  # fmt: skip
                held, found = answer["pit_id"], answer["hits"]["hits"]
                digest.add_all((one["_id"], one["_source"]) for one in found)
                seen(len(found))
                if len(found) < PAGE:
                    return Summary(digest.count, digest.value)
                more = {"search_after": found[-1]["sort"]}
        finally:
            with suppress(ApiError, TransportError):
                self._client.close_point_in_time(id=held)

    def swap(self) -> None:
        """See Rebuild."""
        add: list[dict[str, Any]] = [
            {"add": {"index": name, "alias": alias}}
            for name in sorted(self._made)
            for alias in self._names.aliases(name)
        ]
        old: list[str] = []
        for _ in range(LOOKS):
            strays = _in_use(self._client, self._names) - self._made
            actions = [*add, *({"remove_index": {"index": name}} for name in sorted(strays))]
            if not actions:
                break
            with shielded():
                # One change of the cluster's state: nobody sees both, or neither.
                self._client.indices.update_aliases(actions=actions)
            self._swapped = True
            old, add = [*old, *strays], []

    def discard(self) -> None:
        """See Rebuild."""
        if not self._swapped:
            _remove(self._client, sorted(self._made))

    def _make(self, document_id: str) -> str:
        name = self._names.index(self._generation, document_id)
        with self._making:
            if name not in self._made:
                add_index(self._client, self._names, name, in_use=False)
                self._made.add(name)
        return name


def add_index(client: Elasticsearch, names: Names, index: str, *, in_use: bool) -> None:
    """Make one index from the templates; one that is there already is left as it is."""
    with shielded():
        try:
            # The templates in the cluster may be an older Vigie's; these mappings stand over them.
            client.indices.create(
                index=index, aliases=names.aliases(index) if in_use else {}, mappings=mappings()
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise


def present_generation(client: Elasticsearch, names: Names) -> int:
    """The generation in use; 0 when there is none."""
    return max((names.generation(name) for name in _in_use(client, names)), default=0)


def set_up(client: Elasticsearch, names: Names) -> None:
    """Templates, and the first indices where there are none. May be done again."""
    component, index = templates(names)
    with shielded():
        client.cluster.put_component_template(name=names.prefix, **component)
        client.indices.put_index_template(name=names.prefix, **index)
    generation = present_generation(client, names) or 1
    for first in ("alert-0", "hit-0"):
        add_index(client, names, names.index(generation, first), in_use=True)
    add_new_fields(client, names)


def add_new_fields(client: Elasticsearch, names: Names) -> None:
    """Give the indices there are the fields that this version has and an older one had not."""
    with shielded():
        client.indices.put_mapping(index=names.pattern, allow_no_indices=True, **mappings())


def make_roles(client: Elasticsearch, names: Names) -> None:
    """Put the roles; they stand as they are in elasticsearch_layout afterwards."""
    with shielded():
        for role, rights in roles(names).items():
            client.security.put_role(name=f"{names.prefix}-{role}", **rights)


def make_key(client: Elasticsearch, names: Names, role: str) -> str:
    """A new API key with the rights of a role, encoded as it is sent."""
    with shielded():
        answer = client.security.create_api_key(
            name=f"{names.prefix}-{role}", role_descriptors={role: roles(names)[role]}
        )
    return str(answer["encoded"])


def _in_use(client: Elasticsearch, names: Names) -> set[str]:
    with shielded():
        found = client.indices.get(
            index=names.pattern, filter_path="*.aliases", ignore_unavailable=True
        )
        return {name for name, facts in found.items() if facts.get("aliases")}


def _remove(client: Elasticsearch, indices: Sequence[str]) -> None:
    with shielded():
        for name in indices:
            client.indices.delete(index=name, ignore_unavailable=True)
