"""Evidence for one row that is spread over the posts of one thread: what it is worth together.

A single text is compared with each row once. A thread of n posts can be put together in C(n, m)
ways from m of its posts, so what m posts say together has been given that many chances instead
of n: the sum pays log2(C(n, m) / n), and one bit more for each post beyond the first, so that the
prices over all m stay summable (Bonferroni over subsets with weights 2^-m). The same threshold
then leaves no more chance agreements a day than single texts do.

The bound takes the fields of different posts for independent. Those that hang on the thread's
subject (a town, a practice, an insurer) are not, so they count only beside something personal of
the same post, and two kinds of personal values have to agree: names spread over a long thread of
one town stay below any threshold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FLOOR = 12.0  # bits that a post has to hold for a row to be kept as evidence of its thread
GAP = "\n\n"  # what stands between two posts where a thread is read as one text
MOST_POSTS = 8  # posts that one record is put together from, at most

# Which fields are about the person herself, by what hangs together.
PERSONAL = {
    "surname": "name", "first_name": "name", "full_name": "name", "name": "name",
    "nir": "nir", "birth_date": "birth", "phone": "phone", "email": "email",
    "street": "street", "insurer_number": "insurer_number", "password": "password",
    "comment": "comment",
}  # fmt: skip

Fields = Mapping[str, float]  # bits by field type


@dataclass(frozen=True, slots=True)
class Together:
    """What some posts of a thread say of one row: bits after the price, and which posts."""

    bits: float = 0.0
    posts: tuple[int, ...] = ()


def combined(fields: Fields) -> float:
    """Bits of distinct fields together, in log2, what hangs together counted once.

    As the scan kernel counts a single text (matching.kernel.evidence.total).
    """
    b = dict.fromkeys(ALL, 0.0) | dict(fields)
    both = min(17.0, b["surname"]) + b["first_name"]
    name = min(28.0, max(both, b["full_name"], b["name"]))
    born = max(b["nir"] + max(0.0, b["birth_date"] - 10.0), b["birth_date"])
    if b["nir"] > 0.0 and b["birth_date"] > 0.0:
        born = max(born, b["nir"] + min(1.0, b["birth_date"]))
    email = b["email"]
    if email > 0.0 and name > 10.0:
        email = max(email - 1.0, min(email, 10.0))
    place = max(b["postcode"], b["city"])
    care = min(16.0, b["doctor"] + b["laboratory"])
    local = max(place + 0.7 * care, care)
    insured = min(30.0, b["insurer"] + b["insurer_number"])
    return (
        born + name + b["phone"] + email + min(20.0, b["street"]) + local + insured
        + min(22.0, b["date"]) + min(22.0, b["password"]) + b["comment"]
    )  # fmt: skip


ALL = (
    "nir", "name", "surname", "first_name", "full_name", "birth_date", "phone", "email", "street",
    "postcode", "city", "insurer", "insurer_number", "doctor", "laboratory", "date", "password",
    "comment",
)  # fmt: skip


def counted(names: Sequence[str], worth: Sequence[float], bits: float) -> dict[str, float]:
    """Bits by field type of a match, the best of each, and together no more than `bits`: what
    speaks against the row has been taken off there."""
    found: dict[str, float] = {}
    for name, one in zip(names, worth, strict=True):
        found[name] = max(one, found.get(name, 0.0))
    whole = combined(found)
    share = min(1.0, max(0.0, bits) / whole) if whole > 0.0 else 0.0
    return {name: one * share for name, one in found.items()}


def price(thread_posts: int, used: int) -> float:
    """Bits that putting a record together from `used` of `thread_posts` posts costs."""
    posts = max(thread_posts, used, 1)
    if used <= 1:
        return 0.0
    return max(0.0, math.log2(math.comb(posts, used)) - math.log2(posts) + used - 1.0)


def least_price(thread_posts: int) -> float:
    """Bits that putting a record together from several posts costs at least."""
    # Of many posts two are always the cheapest: there are more ways to choose three and more.
    most = 2 if thread_posts >= 2 * MOST_POSTS else min(MOST_POSTS, thread_posts)
    return min((price(thread_posts, used) for used in range(2, most + 1)), default=0.0)


def tells(fields: Fields) -> bool:
    """Whether what a post shows of a row is worth keeping: personal, and above the floor."""
    return combined(fields) >= FLOOR and any(name in PERSONAL for name in fields)


def together(posts: Sequence[Fields], thread_posts: int) -> Together:
    """The best that the posts say together of one row; no bits unless two kinds agree.

    `posts` are those with evidence for the row, `thread_posts` how many the thread has in all.
    Posts are added while they raise the sum by more than they cost.
    """
    usable = [number for number, fields in enumerate(posts) if tells(fields)]
    used: list[int] = []
    held: dict[str, float] = {}
    bits = 0.0
    while usable and len(used) < MOST_POSTS:
        worth = [
            (combined(_best(held, posts[number])) - price(thread_posts, len(used) + 1), -number)
            for number in usable
        ]
        most, minus = max(worth)
        if most <= bits:
            break
        bits = most
        held = _best(held, posts[-minus])
        used.append(-minus)
        usable.remove(-minus)
    kinds = {PERSONAL[name] for name in held if name in PERSONAL}
    return Together(bits, tuple(used)) if len(kinds) >= 2 else Together()


def _best(one: Fields, other: Fields) -> dict[str, float]:
    return {name: max(one.get(name, 0.0), other.get(name, 0.0)) for name in {*one, *other}}
