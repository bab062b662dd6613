"""Why a source is not seen, in the reader's language.

The record keeps such a reason in English (index.sight), made of few sentences; each is recognised
here by its form and said in the words of locale/*.sources.toml. What is not recognised stays.
"""

from __future__ import annotations

import re

from review.wording import Words, catalogue

WHY = r"(?: \((?P<why>[^.]{1,400})\))?\."
SHARE = r"(?P<share>\d{1,3}%)"
FIGURES = r"(?P<now>\d{1,9}\.\d) a page where (?P<usual>\d{1,9}\.\d) were usual\."
SENTENCES = tuple(
    (re.compile(pattern), key)
    for pattern, key in (
        (r"It has not been crawled yet\.", "never"),
        (r"It is not crawled although it is due: is `vigie watch` running\?", "not_crawled"),
        (rf"It has never been read{WHY}", "never_read"),
        (rf"It has not been read since (?P<since>[0-9-]{{10}} [0-9:]{{5}} UTC){WHY}",
         "not_read_since"),
        (rf"The last crawl failed{WHY}", "failed"),
        (rf"{SHARE} of its last pages were no content: (?P<kinds>[a-z, -]{{1,400}})\.",
         "no_content"),
        (r"Its pages are fetched, and neither post nor list is read on them\.", "nothing"),
        (rf"{SHARE} of its last pages held nothing\.", "empty"),
        (rf"Its lists are read no more: {FIGURES}", "lists"),
        (rf"Its posts are read no more: {FIGURES}", "posts"),
        (r'Its layout has changed; try engine = "auto"\.', "layout_changed"),
        (r"Its layout may have changed\.", "layout_may"),
        (r"No new post for (?P<hours>\d{1,3} h), where about (?P<usual>\d{1,9}) were usual\.",
         "no_post"),
        ((r"(?P<count>\d{1,9}) new posts in (?P<hours>\d{1,3} h), where about (?P<usual>\d{1,9}) "
         r"were usual\."), "few_posts"),
        (r"Canary (?P<named>[0-9, ]{1,100}) was not found in time: posts are missed\.", "canary"),
    )
)  # fmt: skip
COUNTED = re.compile(r"\b([a-z][a-z-]{1,39}) \((\d{1,9})\)")
ERRORS = {
    "the crawl's process died": "died",
    "another process took over this source": "taken_over",
    "the day's budget is used up": "budget_used",
}


def reason(words: Words, told: str) -> str:
    """A reason of index.sight."""
    found, at = [], 0
    while at < len(told):
        for pattern, key in SENTENCES:
            if match := pattern.match(told, at):
                values = _values(words, match.groupdict(default=""))
                found.append(words.text(f"sight_reason.{key}", **values))
                at = match.end() + 1
                break
        else:
            end = told.find(". ", at)
            end = len(told) if end < 0 else end + 1
            found.append(told[at:end])
            at = end + 1
    return " ".join(found)


def error(words: Words, told: str) -> str:
    """What a crawl says of its faults: "timeout (3), gone (1)", or one sentence."""
    if told in ERRORS:
        return words.text(f"crawl_error.{ERRORS[told]}")
    return COUNTED.sub(lambda found: f"{_fault(words, found[1])} ({found[2]})", told)


def _values(words: Words, values: dict[str, str]) -> dict[str, str]:
    if "why" in values:
        values["why"] = f" ({error(words, values['why'])})" if values["why"] else ""
    if "kinds" in values:
        named = values["kinds"].split(", ")
        values["kinds"] = ", ".join(_fault(words, kind) for kind in named)
    if "share" in values and words.language == "fr":
        values["share"] = values["share"].replace("%", " %")
    for name in ("now", "usual"):
        if name in values and words.language == "fr":
            values[name] = values[name].replace(".", ",")
    return values


def _fault(words: Words, kind: str) -> str:
    return words.text(f"fault.{kind}") if f"fault.{kind}" in catalogue(words.language) else kind
