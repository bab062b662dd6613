"""Command: a person logs in to a source with a browser, and its session is kept for crawls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console
from vigie.commands.sources import ConfigFile, SourceId, may_be_crawled, source, unknown

if TYPE_CHECKING:
    from playwright.async_api import Page

    from vigie.config import AccountConfig, SourceConfig


@source.command("login", epilog="Example: vigie source login forum-example")
def login(
    source_id: SourceId,
    account: Annotated[str, typer.Option(help="Its username, if there are several.")] = "",
    config: ConfigFile = None,
) -> None:
    """Open a browser, let a person log in, and save the session's cookies to `cookies_file`."""
    from crawler.by_hand import cookies_of_a_session
    from crawler.errors import BrowserFailed, NoBrowser
    from crawler.runfolder import RunFolder
    from vigie import config as configuration
    from vigie.credentials import check_record, save_cookies
    from vigie.wiring import Catalogue, open_record, spec_of

    settings = configuration.load(config)
    with open_record(settings) as record:
        definition = Catalogue(settings, record.sources.states).definitions().get(source_id)
        if definition is None:
            unknown(source_id)
            return
        chosen, file = _account(definition, account), None
        check_record(chosen)
        file = chosen.cookies_file
        if file is None:
            console.fail(f"The account {chosen.username} has no cookies_file to save to; name one.")
        spec = spec_of(definition.model_copy(update={"account": []}))
        may_be_crawled(record, spec, paused=True)
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        console.fail(
            "There is no screen to show a browser on. Log in on a computer with one, save the "
            f"cookies as text or JSON, and put them into {file}, mode 0600."
        )
    try:
        with RunFolder() as folder:
            import asyncio

            found = asyncio.run(cookies_of_a_session(spec, _until_enter, folder.new()))
    except NoBrowser:
        console.fail("No Chromium was found: install the package `chromium`, or `make browser`.")
    except BrowserFailed:
        console.fail("Chromium did not start; `vigie doctor` shows why.")
    if not found:
        console.fail("The site has set no cookie, so there is no session to keep.")
    save_cookies(file, found)
    typer.echo(f"{len(found)} cookies of {source_id} are kept in {file}; crawls use them now.")


def _account(definition: SourceConfig, username: str) -> AccountConfig:
    named = [one for one in definition.account if username in ("", one.username)]
    if len(named) != 1:
        known = ", ".join(one.username for one in definition.account) or "none"
        console.fail(f"Say which account with --account; there are: {known}.", console.USAGE)
    return named[0]


async def _until_enter(page: Page) -> None:
    import asyncio

    del page
    await asyncio.to_thread(
        input, "Log in in the browser's window, then press Enter here (Ctrl-C saves nothing). "
    )
