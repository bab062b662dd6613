"""Small documents that the limited child gets together: as if each had come alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from extraction import child, messages
from extraction.errors import ExtractionError, TooLarge
from extraction.layers import Document, Limits
from extraction.passwords import Hints
from extraction.pipe import PipeError
from extraction.read import documents
from extraction.sandbox import Sandbox
from extraction.shared import Placed, Shared, Slot
from tests.extraction import samples
from tests.extraction.test_sandbox import FURTHER, ORDINARY, misbehaving

MOST = 1 << 20
HINTS = "the password is secret"


@pytest.fixture
def memory() -> Iterator[Shared]:
    made = Shared(1, MOST)
    yield made
    made.close()


@pytest.fixture
def slot(memory: Shared) -> Slot:
    taken = memory.take()
    assert taken
    return taken


def placed(
    slot: Slot, bodies: dict[str, bytes], hints: Hints = ""
) -> list[tuple[Placed, str, Hints]]:
    """Documents behind one another in one slot."""
    found: list[tuple[Placed, str, Hints]] = []
    at = 0
    for name, body in bodies.items():
        slot.room[at : at + len(body)] = body
        found.append((slot.placed(at + len(body), at), name, hints))
        at = slot.behind(found[-1][0])
    return found


def alone(bodies: dict[str, bytes], hints: Hints = "") -> list[tuple[Document, ...]]:
    with Sandbox(Limits(seconds=60)) as box:
        return [box.documents(body, name=name, hints=hints) for name, body in bodies.items()]


@pytest.mark.parametrize("bodies", [ORDINARY, ORDINARY | FURTHER], ids=["first", "all readers"])
def test_they_are_read_as_alone(memory: Shared, slot: Slot, bodies: dict[str, bytes]) -> None:
    with Sandbox(Limits(seconds=60), memory) as box:
        assert box.several(placed(slot, bodies, HINTS)) == alone(bodies, HINTS)
        # The child that has all readers by now says the same of them.
        assert box.several(placed(slot, bodies, lambda: HINTS)) == alone(bodies, HINTS)


def test_plain_ones_take_one_answer(
    memory: Shared, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(Limits(seconds=60), memory) as box:
        monkeypatch.setattr(box, "documents", None)
        found = box.several(placed(slot, ORDINARY))
        assert found == [documents(body, name=name) for name, body in ORDINARY.items()]
        one = found[0]
        assert isinstance(one, tuple)
        assert isinstance(one[0].extracted.layers[0].as_given, Placed), "not sent back"


def test_what_asks_for_words_is_read_with_them(memory: Shared, slot: Slot) -> None:
    bodies = {"a": b"before", "locked": FURTHER["locked zip"], "b": b"behind"}
    asked: list[str] = []

    def hints() -> str:
        asked.append("")
        return HINTS

    with Sandbox(Limits(seconds=60), memory) as box:
        found = box.several(placed(slot, bodies, hints))
    assert asked
    locked = found[1]
    assert isinstance(locked, tuple)
    assert [each.extracted.layers[0].text for each in locked if not each.holds] == ["Elise"]


def test_much_text_is_answered_alone(
    memory: Shared, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"{number} {'x' * 200}\n" for number in range(50_000))
    much = samples.zipped({"a.txt": lines})
    bodies = {"a": much, "b": much, "c": b"small"}
    assert len(lines) < child.SEVERAL_BYTES < 2 * len(lines)
    told: list[str] = []
    with Sandbox(Limits(seconds=60), memory) as box:
        real: Callable[..., tuple[Document, ...]] = box.documents

        def note(body: Placed, *, name: str, hints: Hints) -> tuple[Document, ...]:
            told.append(name)
            return real(body, name=name, hints=hints)

        monkeypatch.setattr(box, "documents", note)
        found = box.several(placed(slot, bodies))
    assert told == ["b", "c"]
    assert found == [documents(body, name=name) for name, body in bodies.items()]


def test_an_error_stands_in_its_place(memory: Shared, slot: Slot) -> None:
    with Sandbox(Limits(seconds=60, max_bytes=10), memory) as box:
        found = box.several(placed(slot, {"a": b"short", "b": b"x" * 11, "c": b"short"}))
    assert [type(each) for each in found] == [tuple, TooLarge, tuple]


FATAL = ["segfault", "exit", "hang", "drip", "half", "no-json", "long-body"]


@pytest.mark.parametrize("way", FATAL)
def test_one_that_ends_the_child_costs_itself_only(
    monkeypatch: pytest.MonkeyPatch, memory: Shared, slot: Slot, way: str
) -> None:
    misbehaving(monkeypatch)
    monkeypatch.setattr("extraction.sandbox.TOGETHER_SECONDS", 1.0)
    given = placed(slot, {"": b"before", way: b"x"}) + placed(slot, {"": b"before"})
    with Sandbox(Limits(seconds=2, memory=640 << 20), memory) as box:
        first, second, third = box.several(given)
    for one in (first, third):
        assert isinstance(one, tuple)
        assert one[0].extracted.layers[0].text == "before"
    assert isinstance(second, ExtractionError)


@pytest.mark.parametrize("way", ["one-less", "longer", "shapeless", "nothing"])
def test_an_answer_that_is_none_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, memory: Shared, slot: Slot, way: str
) -> None:
    misbehaving(monkeypatch)
    with Sandbox(Limits(seconds=3, memory=640 << 20), memory) as box:
        found = box.several(placed(slot, {"": b"text", way: b"other"}))
        assert isinstance(found[0], tuple)
        assert found[0][0].extracted.layers[0].text == "text"
        assert isinstance(found[1], ExtractionError), "the name is an order to it alone, too"


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [{}],
        [{"length": 3}, 1],
        [{"length": 3}, {"length": -1}],
        "no list",
        pytest.param([{"length": 5}], id="one-less"),
        pytest.param([{"length": 2}] * 2, id="shorter"),
    ],
)
def test_answers_are_as_many_and_as_long_as_told(answers: Sequence[object]) -> None:
    good = {"several": [{"length": 3}, {"length": 2}]}
    assert messages.unpack_several(good, b"abcde", 2) == [
        ({"length": 3}, b"abc"), ({"length": 2}, b"de")
    ]  # fmt: skip
    with pytest.raises(PipeError):
        messages.unpack_several({"several": answers}, b"abcde", 2)
