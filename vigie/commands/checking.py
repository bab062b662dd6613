"""`vigie source check`: what would be crawled, and the posts that are seen, before anything is.

Nothing is matched, recorded or scheduled. What a stranger wrote is shown masked, as everywhere.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import typer

from vigie import console

if TYPE_CHECKING:
    from crawler.messages import PostReport
    from crawler.source import SourceSpec
    from crawler.trial import Trial
    from crawler.trialframes import Seen
    from vigie.wiring import Catalogue

SHOWN_POSTS = 20
SHOWN_WAYS = 5
UNSURE = 50
# Addresses that share a part make it a word of the site.
REPEATED = 4
# The name of a source that is only tried.
ADHOC = "0-tried"
# It stands in no configuration, where a network could be allowed.
INSIDE = (
    "The name leads to an internal address; nothing was sent there. Give its network by "
    "--allow-address, for example --allow-address 10.0.0.0/8."
)


def ways_in(spec: SourceSpec, trial: Trial) -> dict[str, Any]:
    """By which ways posts of this source come to Vigie."""
    files = sum(1 for feed in spec.feeds if feed.startswith("file:"))
    return {
        "list": trial.has_list,
        "feeds": len(spec.feeds) - files,
        "address_files": files,
        "other_sources": len(spec.sister_hosts),
    }


def as_json(name: str, spec: SourceSpec, trial: Trial) -> dict[str, Any]:
    """The whole trial, addresses and titles masked."""
    return {
        "source": name,
        "readable": trial.readable,
        "outcome": trial.outcome,
        "engine": trial.engine,
        "sure": trial.sure,
        "pages": trial.pages,
        "posts": trial.posts,
        "rendered": trial.rendered,
        "problems": dict(trial.problems),
        "ways_in": ways_in(spec, trial),
        "read": [_page(one, _own_words(spec, trial)) for one in trial.readings],
        "seen": [_post(post) for post in trial.seen],
    }


def show(name: str, spec: SourceSpec, trial: Trial) -> None:
    """The same for a person."""
    from vigie.progress import counted, sentence

    engine = trial.engine or spec.engine
    typer.echo(
        f"{name}: read by {engine}, {trial.sure} % sure; {counted(trial.pages, 'page')}, "
        f"{counted(trial.posts, 'post')}, {trial.rendered} rendered."
    )
    if engine == "generic" and trial.sure < UNSURE:
        typer.echo("  No spider knows this site, and its structure says little: check the posts.")
    words = _own_words(spec, trial)
    for one in trial.readings:
        _show_page(_page(one, words))
    if trial.seen:
        typer.echo("Posts seen:")
    for post in map(_post, trial.seen[:SHOWN_POSTS]):
        dated = f", of {post['posted_at']}" if post["posted_at"] else ""
        typer.echo(f"  {post['location']}  {post['characters']:,} characters{dated}")
        if post["begins"]:
            typer.echo(f"    {post['begins']}")
    if trial.posts > SHOWN_POSTS:
        typer.echo(f"  … and {trial.posts - SHOWN_POSTS:,} more")
    for kind, count in trial.problems.most_common():
        told = INSIDE if kind == "refused-address" and spec.id == ADHOC else sentence(kind)
        typer.echo(f"  {kind} ({count}): {told}")
    _show_ways(ways_in(spec, trial))


def _show_page(page: dict[str, Any]) -> None:
    leads = [
        f"{page[key]} {word}"
        for key, word in (("lists", "lists"), ("links", "links"), ("files", "files"))
        if page[key]
    ]
    leads += [f"{page['posts']} posts"] if page["posts"] else []
    leads += ["a next page"] if page["next_page"] else []
    leads += [f"hidden: {gate}" for gate in page["gates"]]
    typer.echo(f"  {page['kind']:<8}  {page['address']}  {', '.join(leads) or 'nothing'}")
    if page["reasons"]:
        typer.echo(f"            {page['sure']} %: {', '.join(page['reasons'])}")
    for way in page["ways"][:SHOWN_WAYS]:
        typer.echo(f"            → {way}")


def _show_ways(ways: dict[str, Any]) -> None:
    from vigie.progress import counted

    hosts = counted(ways["other_sources"], "other host")
    fed = [
        text
        for number, text in (
            (ways["list"], "its own list"),
            (ways["feeds"], counted(ways["feeds"], "feed")),
            (ways["address_files"], counted(ways["address_files"], "file of addresses")),
            (ways["other_sources"], f"links in the posts of {hosts}"),
        )
        if number
    ]
    typer.echo(f"New posts come from: {', '.join(fed) or 'nowhere'}.")
    if not ways["list"]:
        typer.echo(
            "The site was not seen to list what it holds: pastes that nobody links and no feed "
            "names are not seen. Name more ways in `feeds`: addresses or files that hold one "
            "address a line, RSS, Atom or a site map."
        )


def _page(one: Seen, words: tuple[str, ...]) -> dict[str, Any]:
    return {
        "address": _masked(one.address, words),
        "kind": one.kind,
        "posts": one.posts,
        "links": one.links - one.files,
        "told": one.told,
        "files": one.files,
        "lists": one.lists,
        "next_page": _masked(one.next_page, words),
        "sure": one.sure,
        "reasons": list(one.reasons),
        "gates": list(one.gates),
        "rendered": one.rendered,
        "ways": [_masked(way, words) for way in one.ways],
    }


def _post(post: PostReport) -> dict[str, Any]:
    from capture.masking import mask_address, mask_title

    text = post.layers[0][1] if post.layers else ""
    return {
        "location": mask_address(post.location, post.frame_ids),
        "title": mask_title(post.title),
        "posted_at": post.posted_at,
        "characters": len(text),
        "layers": len(post.layers),
        "begins": mask_title(text[:120]),
    }


def _own_words(spec: SourceSpec, trial: Trial) -> tuple[str, ...]:
    """Parts of addresses that are the site's and not its users': those it was named with, and
    those that stand in several addresses."""
    told = [way for one in trial.readings for way in (one.address, one.next_page, *one.ways)]
    counts = Counter(part for address in set(told) for part in set(_parts(address)))
    named = {part for address in spec.start for part in _parts(address)}
    often = {part for part, count in counts.items() if count >= REPEATED}
    return tuple(named | {part for part in often if not any(c.isdigit() for c in part)})


def _parts(address: str) -> list[str]:
    parts = urlsplit(address)
    query = [part for pair in parse_qsl(parts.query, keep_blank_values=True) for part in pair]
    return [part for part in (*parts.path.split("/"), *query) if part]


def _masked(address: str, words: tuple[str, ...]) -> str:
    from capture.masking import mask_address
    from crawler.addresses import identifiers

    return mask_address(address, (*words, *identifiers(address))) if address else ""


def adhoc(catalogue: Catalogue, address: str, engine: str, allow: list[str]) -> SourceSpec:
    """A source that is tried and not kept, among the others that are watched."""
    from pydantic import ValidationError

    from crawler.addresses import host_port
    from vigie.config import ConfigError, SourceConfig
    from vigie.config_types import mistake
    from vigie.wiring import spec_of

    sisters = {host for spec in catalogue.specs().values() for host in map(host_port, spec.start)}
    try:
        definition = SourceConfig.model_validate(
            {"id": ADHOC, "start": [address], "engine": engine, "allow_addresses": allow}
        )
        return spec_of(definition, tuple(sorted(sisters - {host_port(address), ""})))
    except ValidationError as error:
        first = error.errors()[0]
        option = "--allow-address" if first["loc"][0] == "allow_addresses" else str(first["loc"][0])
        console.fail(
            f"{option} {console.visible(str(first['input']))}: {mistake(first)}.", console.USAGE
        )
    except ConfigError as error:
        console.fail(f"{address} cannot be tried: {error}", console.USAGE)
