"""What the pages say and do, over a real record."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, text, update

from index.alerts import AlertStore
from index.engine import reading, writing
from index.schema import Alert, Crawl, Hit, SourceState
from tests.review.conftest import Served, post


def ids(html: str) -> list[int]:
    """The alerts of a list, in its order."""
    return [int(found) for found in re.findall(r'<tr role="row" data-id="(\d+)"', html)]


def test_open_alerts_come_first_newest_first(served: Served) -> None:
    with served.user() as user:
        shown = ids(user.get("/alerts").text)
        everything = ids(user.get("/alerts?status=all").text)
    assert shown
    assert shown == sorted(shown, reverse=True)
    assert len(everything) == 36
    with reading(served.engine) as connection:
        rows = connection.execute(text("SELECT id FROM alert WHERE status = 'open'"))
        assert set(shown) == set(rows.scalars())


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("status=confirmed", "status = 'confirmed'"),
        ("status=dismissed", "status = 'dismissed'"),
        ("status=all&verdict=repost", "verdict = 'repost'"),
        ("status=all&source=board", "source = 'board'"),
        ("status=all&leak=labos-2026&source=files", "source = 'files'"),
        ("status=all&leak=other", "1 = 0"),
        ("status=all&q=market.example", "location LIKE '%market.example%'"),
        ("status=all&q=topic+41*", "location LIKE '%topic/41%'"),
        (
            "status=all&q=-market.example+verdict:repost",
            "location NOT LIKE '%market%' AND verdict = 'repost'",
        ),
        ("status=all&q=records:>=100", "records >= 100"),
        ("status=all&q=source:board+OR+source:files", "source IN ('board', 'files')"),
        ("q=status:confirmed", "1 = 0"),
        ("status=all&q=17", "id = 17"),
        ("status=all&q=%2317", "id = 17"),
        ("status=all&q=%25", "1 = 0"),
        ("status=all&q=_", "1 = 0"),
    ],
)
def test_filters_show_what_they_say(served: Served, query: str, where: str) -> None:
    with served.user() as user:
        shown = ids(user.get(f"/alerts?{query}").text)
    with reading(served.engine) as connection:
        wanted = set(connection.execute(text(f"SELECT id FROM alert WHERE {where}")).scalars())  # noqa: S608
    assert set(shown) == wanted


def test_sorting_and_paging_show_each_alert_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    from review.server import serving
    from review.settings import Settings
    from tests.review.conftest import indexed, record_with_user

    folder = tmp_path_factory.mktemp("many")
    engine, accounts = record_with_user(folder, alerts=130)
    with indexed(engine, folder) as search, serving(engine, Settings(port=0), search) as settings:
        served = Served(engine, accounts, settings, search)
        with served.user() as user:
            for sort in ("first_seen", "last_seen", "records", "bits"):
                seen: list[int] = []
                address = f"/alerts?status=all&sort={sort}"
                while address:
                    html = user.get(address).text
                    seen += ids(html)
                    more = re.search(r'id="more" href="([^"]+)"', html)
                    address = more[1].replace("&amp;", "&") if more else ""
                assert sorted(seen) == list(range(1, 131)), sort
                if sort in ("records", "bits"):
                    with reading(engine) as connection:
                        order = connection.execute(
                            text(f"SELECT id FROM alert ORDER BY {sort} DESC, id DESC")  # noqa: S608
                        ).scalars()
                        assert seen == list(order)
    engine.dispose()


@pytest.mark.parametrize(
    "path",
    ["/alerts?after=x", "/alerts?after=%00", "/alerts?sort=password&status=x&verdict=%3Cscript%3E",
     "/alerts?q=" + "a" * 5000, "/queue?before=-1&verdict=zzz",
     "/queue?before=99999999999999999999",
     "/alerts/0", "/alerts/99999999999999999999999", "/alerts/x", "/queue/1", "/cases/9999",
     "/queue?before=x"],
)  # fmt: skip
def test_odd_addresses_end_in_a_page_never_in_a_failure(served: Served, path: str) -> None:
    with served.user() as user:
        answer = user.get(path)
    assert answer.status_code in (200, 400, 404)
    assert "<script>" not in answer.text


def test_one_alert_shows_masks_fields_bits_captures_and_no_value(served: Served) -> None:
    with served.user(language="en") as user:
        html = user.get("/alerts/35").text
    for wanted in ("Masked excerpts", "Why it matched", "Recognised records", "Captures",
                   "sealed", "NIR", "alert, 52 bits", "less than one in 10¹³",
                   "market.example"):  # fmt: skip
        assert wanted in html
    assert re.search(r'<mark class="found"><span class="value">•••</span>', html)
    assert re.search(r'<rect class="step"', html)


def test_the_waterfall_starts_at_the_prior_and_ends_at_the_records_bits(served: Served) -> None:
    from review.evidence_view import evidence

    detail = AlertStore(served.engine).get(35)
    shown = evidence(detail.hits)
    top = shown.records[0]
    assert top.why.bits == max(float(match["bits"]) for match in detail.hits[0].matches)
    assert top.bars[0].left == 0
    assert top.why.steps[-1].sum == pytest.approx(top.why.bits)
    assert top.why.after == pytest.approx(top.why.bits - 49)
    assert top.odds == pytest.approx(2.0 ** (49 - top.why.bits))
    assert len(shown.records) == len({record.why.row for record in shown.records})
    assert shown.scale > top.why.bits


def rows_of(html: str, table: str) -> list[list[str]]:
    """The cells' texts of a table by its class."""
    body = re.search(rf'<table class="{table}">(.*?)</table>', html, re.DOTALL)
    assert body
    found = []
    for row in re.findall(r"<tr.*?>(.*?)</tr>", body[1], re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        found.append([" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells])
    return found


@pytest.mark.parametrize("path", ["/alerts/35", "/queue/1"])
def test_every_bar_has_its_numbers_and_words_beside_it(served: Served, path: str) -> None:
    """The table says what the picture says, without colour and without script."""
    with served.user(language="en") as user:
        if path.startswith("/queue"):
            with reading(served.engine) as connection:
                query = text("SELECT id FROM hit WHERE alert IS NULL AND verdict = 'review'")
                path = f"/queue/{connection.execute(query).scalar()}"
        html = user.get(path).text
    header, prior, *steps, total = rows_of(html, "waterfall")
    assert header[:4] == ["Field", "How recognised", "Bits", "Sum"]
    assert prior[0] == "Start, the prior"
    assert prior[2:4] == ["0.0", "0.0"]
    told = 0.0
    for _field, _how, bits, sum_, _bar in steps:
        told += float(bits.replace("−", "-"))
        assert float(sum_) == pytest.approx(told, abs=0.3)
    assert float(total[2]) == pytest.approx(told, abs=0.3)
    assert steps[-1][0] == "Overlap and typos"
    told_how = {"/alerts/35": "same value, other notation"}.get(path, "one letter differs")
    assert any(told_how in step[1] for step in steps)
    assert all(step[1].endswith("•••") for step in steps[:-1])
    svgs = re.findall(r"<svg[^>]*>", html)
    assert all('aria-hidden="true"' in svg for svg in svgs)
    assert "review, 35 bits" in html
    assert "alert, 52 bits" in html


def test_how_a_field_was_recognised_is_said_in_both_languages() -> None:
    from matching.result import COUNTED, How
    from review.wording import Words

    for how in How:
        code = f"{how}:4" if how in COUNTED else str(how)
        said = {Words(language).how(code) for language in ("fr", "en")}
        assert len(said) == 2
        assert code not in said
        if how in COUNTED:
            assert all("4" in each for each in said)
    # What a newer record says is shown as it is, never as a failure.
    assert Words("fr").how("by-ear") == "by-ear"
    assert Words("fr").how("excerpt:many") == "excerpt:many"


def test_old_hits_without_how_and_hostile_codes_are_text(served: Served) -> None:
    hostile = '<img src=x onerror=alert(1)>"\x1b[31m'
    with writing(served.engine) as connection:
        matches = [
            {"leak": hostile, "row": 3, "bits": 60.0, "fields": ["phone", hostile],
             "spans": [[0, 1], [2, 3]], "field_bits": [30.0, 30.0], "layer": hostile,
             "how": [hostile, "excerpt:" + "9" * 50], "seen": [hostile, hostile]},
            {"leak": "a", "row": 4, "bits": 55.0, "fields": ["nir"], "spans": [[0, 1]],
             "field_bits": [36.0], "layer": ""},
            {"leak": "a", "row": 5, "bits": 55.0, "fields": ["nir"], "spans": [[0, 1]]},
        ]  # fmt: skip
        connection.execute(update(Hit).where(Hit.alert == 35).values(matches=matches))
    with served.user() as user:
        answer = user.get("/alerts/35")
    assert answer.status_code == 200
    assert "<img" not in answer.text
    assert "&lt;img src=x" in answer.text


@pytest.mark.parametrize("status", ["confirmed", "dismissed"])
def test_a_decision_is_kept_with_its_reason_and_can_be_taken_back(
    served: Served, status: str
) -> None:
    store = AlertStore(served.engine)
    with served.user(language="en") as user:
        form = {"status": status, "reason": "<b>still</b> up", "version": "1"}
        answer = post(user, "/alerts/36/decision", form, page="/alerts/36")
        assert answer.headers["location"] == f"/alerts/36?done={status}"
        assert (store.get(36).alert.status, store.get(36).alert.decided_by) == (status, "jeanne")
        html = user.get(answer.headers["location"]).text
        assert "&lt;b&gt;still&lt;/b&gt; up" in html
        assert "<b>still" not in html
        assert "Next open alert" in html
        form = {"status": "open", "reason": "came back", "version": "2"}
        assert post(user, "/alerts/36/decision", form, page="/alerts/36").status_code == 303
        html = user.get("/alerts/36").text
    assert store.get(36).alert.status == "open"
    assert "came back" in html
    assert "&lt;b&gt;still&lt;/b&gt; up" in html, "history keeps the earlier reason"


def test_a_decision_without_reason_changes_nothing(served: Served) -> None:
    with served.user(language="en") as user:
        for status in ("confirmed", "dismissed", "open"):
            form = {"status": status, "reason": "  ", "version": "1"}
            answer = post(user, "/alerts/36/decision", form, page="/alerts/36")
            assert answer.status_code == 422
            assert "a decision needs a reason" in answer.text
    assert AlertStore(served.engine).get(36).alert.version == 1


def test_a_conflict_is_told_kindly_and_keeps_the_reason(served: Served) -> None:
    store = AlertStore(served.engine)
    with served.user(language="en") as user:
        store.decide(36, "dismissed", "test post", "paul", 1)
        form = {"status": "confirmed", "reason": "my long reason", "version": "1"}
        answer = post(user, "/alerts/36/decision", form, page="/alerts/36")
    assert answer.status_code == 409
    assert "Nothing was saved" in answer.text
    assert "my long reason</textarea>" in answer.text
    assert "paul" in answer.text
    assert store.get(36).alert.status == "dismissed"


@pytest.mark.parametrize(
    "form",
    [{"status": "deleted", "version": "1"}, {"status": "open", "version": "x"},
     {"status": "open", "version": ""}, {"status": "open", "version": "9" * 30},
     {"status": "confirmed", "version": "1", "reason": "x" * 1500}],
)  # fmt: skip
def test_a_wrong_decision_is_refused(served: Served, form: dict[str, str]) -> None:
    with served.user() as user:
        answer = post(user, "/alerts/36/decision", {"reason": "x", **form}, page="/alerts/36")
    assert answer.status_code == 400
    assert AlertStore(served.engine).get(36).alert.version == 1


def test_what_a_site_wrote_is_text(served: Served) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}'
    with served.engine.begin() as connection:
        connection.execute(
            update(Alert)
            .where(Alert.id == 36)
            .values(title=hostile, location=hostile, also=[hostile])
        )
    with served.user() as user:
        for path in ("/alerts", "/alerts/36", "/cases/36", "/alerts/rows"):
            html = user.get(path).text
            assert "<script>alert" not in html
            assert "<img" not in html
            assert "{{ 7*7 }}" in html


def test_the_list_follows(served: Served) -> None:
    with served.user() as user:
        first = user.get("/alerts/rows")
        version = first.headers["x-vigie-version"]
        assert user.get(f"/alerts/rows?seen={version}").status_code == 204
        AlertStore(served.engine).decide(36, "dismissed", "x", "paul", 1)
        again = user.get(f"/alerts/rows?seen={version}")
        assert again.status_code == 200
        assert 36 not in ids(again.text)
    with served.guest() as guest:
        answer = guest.get("/alerts/rows", headers={"x-vigie-fragment": "1"})
        assert answer.status_code == 401


def test_the_quieter_queue_is_its_own_page(served: Served) -> None:
    with served.user() as user:
        html = user.get("/queue").text
        assert len(ids(html)) == 9
        only = user.get("/queue?verdict=mention").text
        assert len(ids(only)) == 3
        assert user.get(f"/queue/{ids(only)[0]}").status_code == 200
        assert user.get("/queue/1").status_code == 404, "an alert's hit is not in the queue"


def test_sources_say_how_they_are(served: Served) -> None:
    with served.user(language="en") as user:
        html = user.get("/sources").text
    for wanted in ("running", "Paused", "3 failures in a row", "answered 503 three times"):
        assert wanted in html


@pytest.mark.parametrize(("minutes", "seen"), [(1, "Seen"), (60, "Not seen")])
def test_a_source_that_nobody_crawls_any_more_is_not_shown_as_seen(
    served: Served, minutes: int, seen: str
) -> None:
    """A watch that ended keeps no new state: what it kept last is not what is so now."""
    due = datetime.now(UTC) - timedelta(minutes=minutes)
    kept = {"sight": "green", "sight_reason": "It is read, and what comes is as usual."}
    with writing(served.engine) as connection:
        connection.execute(delete(Crawl).where(Crawl.ended.is_(None)))
        connection.execute(update(SourceState).values(next_due=due, interval_s=60.0, **kept))
    with served.user(language="en") as user:
        page = user.get("/sources").text
    assert f"<span>{seen}</span>" in page
    assert ("vigie watch" in page) == (minutes == 60)


def test_the_language_is_the_users_then_the_browsers(served: Served) -> None:
    with served.user(language="en") as user:
        assert 'lang="en"' in user.get("/alerts").text
        form = {"language": "fr", "next": "/sources"}
        answer = post(user, "/language", form)
        assert answer.headers["location"] == "/sources"
        assert 'lang="fr"' in user.get("/sources").text
        assert post(user, "/language", {"language": "de"}).status_code == 400
    with served.guest("en") as guest:
        assert 'lang="en"' in guest.get("/login").text
        assert 'lang="fr"' in guest.get("/login?lang=fr").text


def test_times_are_utc_without_a_script_and_machine_readable(served: Served) -> None:
    with served.user() as user:
        found = re.findall(r"<time ([^>]+)>([^<]+)</time>", user.get("/alerts/36").text)
    assert found
    for attributes, shown in found:
        assert re.search(r'datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', attributes)
        assert "UTC" in attributes
        assert shown.endswith("UTC")


def test_what_is_gone_says_since_when(served: Served) -> None:
    with writing(served.engine) as connection:
        connection.execute(
            update(Alert).where(Alert.id == 36).values(gone_at=datetime(2026, 3, 12, tzinfo=UTC))
        )
    with served.user(language="en") as user:
        assert re.search(
            r"Gone since</dt><dd><time[^>]*2026-03-12T00:00:00Z", user.get("/alerts/36").text
        )
        assert "Gone since" not in user.get("/alerts/35").text
