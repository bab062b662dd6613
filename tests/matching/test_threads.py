"""A record spread over the posts of a thread: found together, and never out of chance."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import decide, spread, threads
from matching.client import MatcherClient
from matching.result import Match, TextLayer, Verdict
from matching.scan import Scanner
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk, Person

CHATTER = (
    "Bonjour à tous, quelqu'un sait-il si le garage de la rue de la gare est ouvert demain ? "
    "J'ai un rendez-vous vers dix heures et je ne voudrais pas attendre dehors sous la pluie. "
    "La dernière fois il a fallu revenir deux fois, merci d'avance pour vos réponses.\n"
) * 8


def post(text: str) -> list[TextLayer]:
    return [TextLayer("", text)]


def in_three(person: Person, draw: random.Random) -> list[str]:
    return [
        f"Je cherche {person.first} {person.surname.title()} de {person.town.title()}, merci",
        f"essaie le {disguises.phone_form(draw, person.phone)} pour voir",
        f"c'est le {disguises.date_form(draw, person.born)} son anniversaire",
    ]


def strong(found: Sequence[Match]) -> list[Match]:
    return [match for match in found if match.bits >= decide.ALERT]


def test_three_posts_with_much_between_them_are_one_record(
    leak: LeakOnDisk, scanner: Scanner
) -> None:
    draw = random.Random(5)
    for row in range(40, 60):
        parts = in_three(leak.people[row], draw)
        texts = [CHATTER, parts[0], CHATTER, CHATTER, parts[1], CHATTER, parts[2], CHATTER]
        alone = [scanner.scan("p", 1, "", post(text)) for text in texts]
        assert not any(each.verdict.raises_alert for each in alone)
        assert not scanner.scan("all", 1, "", post("\n\n".join(texts))).verdict.raises_alert
        result = threads.scan_thread(scanner, "t", 9, "ab", [post(text) for text in texts])
        assert result.verdict is Verdict.FRAGMENT
        match = strong(result.matches)[0]
        assert match.row == row
        whole = "\n\n".join(texts)
        for field, (start, end), bits in zip(
            match.fields, match.spans, match.field_bits, strict=True
        ):
            assert bits > 0
            if field == "phone":
                assert (
                    "".join(filter(str.isdigit, whole[start:end]))[-8:]
                    == (leak.people[row].phone[-8:])
                )


def test_the_sum_asks_more_of_a_longer_thread(leak: LeakOnDisk, scanner: Scanner) -> None:
    parts = in_three(leak.people[77], random.Random(2))[:2]
    bits = []
    for others in (0, 30, 300):
        posts = [post(text) for text in [*parts, *["bonjour"] * others]]
        result = threads.scan_thread(scanner, "t", 9, "", posts)
        found = [match for match in result.matches if match.row == 77]
        bits.append(found[0].bits if found else 0.0)
    short, middle, long = bits
    assert short > middle > 0
    assert long == 0 or long < middle


def test_many_names_over_a_long_thread_never_alert(leak: LeakOnDisk, scanner: Scanner) -> None:
    draw = random.Random(9)
    people = draw.sample(leak.people, 150)
    texts = []
    for at, one in enumerate(people):
        texts.append(f"Félicitations à {one.first} {one.surname.title()} de {one.town.title()} !")
        stranger = disguises.invent(draw)
        texts.append(f"inscriptions au {disguises.phone_form(draw, stranger.phone)}")
        texts.append(f"match du {disguises.date_form(draw, people[at - 1].born)}, {one.doctor}")
        if at % 3 == 0:
            texts.append(f"{one.lab} et {one.insurer}, {one.town.title()}")
    draw.shuffle(texts)
    result = threads.scan_thread(scanner, "t", 9, "", [post(text) for text in texts])
    assert not result.verdict.raises_alert
    assert strong(result.matches) == []


def test_a_birth_date_alone_speaks_only_for_rows_its_thread_points_to(
    leak: LeakOnDisk, scanner: Scanner
) -> None:
    person = leak.people[200]
    text = post(f"né le {person.birthday}")
    assert 200 not in [match.row for match in threads.traces(scanner, text)]
    found = threads.traces(scanner, text, [199, 200, 10**9])
    assert [match.row for match in found] == [200]
    assert found[0].fields == ("birth_date",)
    # A town alone tells nothing of a row that the thread points to.
    assert threads.traces(scanner, post(f"{person.town} {person.doctor}"), [200]) == ()


def test_a_name_with_all_that_its_town_shares_is_never_enough() -> None:
    about_a_town = {"city": 12.6, "doctor": 11.0, "laboratory": 9.0, "insurer": 6.0}
    name = {"surname": 16.0, "first_name": 12.0}
    assert spread.combined(name | about_a_town) >= decide.ALERT
    assert spread.together([name | about_a_town, name], 2).bits == 0.0
    # What a town shares counts beside something personal only.
    phone = {"phone": 27.0}
    beside = spread.together([phone, about_a_town], 2)
    assert beside.bits == 0.0
    assert spread.together([phone, name], 2).bits >= decide.ALERT


def test_what_alerts_alone_is_no_trace(leak: LeakOnDisk, scanner: Scanner) -> None:
    line = ";".join(leak.people[11].columns())
    assert 11 not in [match.row for match in threads.traces(scanner, post(line), [11])]


def test_what_speaks_against_a_row_is_taken_off_its_fields() -> None:
    fields = spread.counted(("surname", "street", "phone"), (13.0, 16.0, 27.0), 20.0)
    assert spread.combined(fields) == pytest.approx(20.0)
    assert spread.counted(("phone", "phone"), (27.0, 20.0), 37.0) == {"phone": 27.0}


def test_a_thread_that_holds_a_whole_row_is_told_as_any_document(
    leak: LeakOnDisk, scanner: Scanner
) -> None:
    line = ";".join(leak.people[12].columns())
    result = threads.scan_thread(scanner, "t", 9, "", [post("salut"), post(line)])
    assert result.verdict is Verdict.FRAGMENT
    assert [match.row for match in strong(result.matches)] == [12]


@pytest.fixture(scope="module")
def client(leak: LeakOnDisk) -> Iterator[MatcherClient]:
    with MatcherClient([leak.ref, leak.ref]) as opened:
        yield opened


def test_the_service_answers_the_same(
    leak: LeakOnDisk, scanner: Scanner, client: MatcherClient
) -> None:
    texts = in_three(leak.people[300], random.Random(1))
    posts = [[*post(text), TextLayer("base64", "rien")] for text in texts]
    told = client.scan_thread("t", 9, "ab", posts)
    here = threads.scan_thread(scanner, "t", 9, "ab", posts)
    assert len(told) == 2
    assert [match.row for match in told[1].matches] == [match.row for match in here.matches]
    assert told[0].verdict is Verdict.FRAGMENT
    found = client.traces(post(texts[2]), [[300], []])
    assert [[match.row for match in each] for each in found] == [[300], []]


BITS = st.dictionaries(st.sampled_from(sorted(spread.ALL)), st.floats(0.1, 36.0), max_size=6)


@given(st.lists(BITS, max_size=6), st.integers(1, 5000))
def test_more_posts_or_less_evidence_never_help(
    posts: list[dict[str, float]], thread_posts: int
) -> None:
    bits = spread.together(posts, max(thread_posts, len(posts))).bits
    assert spread.together(posts, 2 * max(thread_posts, len(posts))).bits <= bits + 1e-9
    everything: dict[str, float] = {}
    for fields in posts:
        for name, value in fields.items():
            everything[name] = max(value, everything.get(name, 0.0))
    assert bits <= spread.combined(everything) + 1e-9


def test_the_price_bounds_the_chance_over_all_ways_to_choose_posts() -> None:
    """Summed over how many posts are chosen, chance agreements above a threshold stay what
    single posts would give: sum over m of C(n, m) 2^-price(n, m) is at most 2 n."""
    import math

    for posts in (2, 3, 10, 100, 1000):
        total = sum(
            math.comb(posts, used) * 2.0 ** -spread.price(posts, used)
            for used in range(1, min(posts, spread.MOST_POSTS) + 1)
        )
        assert total <= 2 * posts


def listed(draw: random.Random, count: int) -> str:
    strangers = [disguises.invent(draw) for _ in range(count)]
    return "".join(
        f"{each.surname} {each.first} {disguises.phone_form(draw, each.phone)}\n"
        for each in strangers
    )


def test_a_list_of_people_is_no_piece_of_a_record(leak: LeakOnDisk, scanner: Scanner) -> None:
    """Each row of the leak has some of its values in a list that is long enough."""
    draw = random.Random(4)
    person = leak.people[61]
    piece = f"{person.first} {person.surname} de {person.town}\n"
    for count, rows in ((3, {61}), (2 * threads.LIST, set())):
        told = threads.traces(scanner, post(piece + listed(draw, count)))
        assert {match.row for match in told} & {61} == rows


def test_values_far_apart_in_a_long_post_are_no_piece_of_a_record(
    leak: LeakOnDisk, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that other posts point to are looked for by their record: in windows, as all are."""
    monkeypatch.setattr(scanner, "weak", lambda *_: [])
    person = leak.people[62]
    name, number = f"{person.surname}\n", person.phone
    for between, together in (("merci\n", True), (CHATTER * 2, False)):
        found = threads.traces(scanner, post(name + between + number + "\n" + CHATTER), [62])
        fields = [set(match.fields) for match in found if match.row == 62]
        assert fields
        assert all(({"surname", "phone"} <= each) is together for each in fields)
