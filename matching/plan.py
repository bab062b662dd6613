"""Which slots of a row record a column fills, and which of them are weighed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.fields import FieldType
from matching.kernel import kinds as k

CLASSES: dict[FieldType, tuple[int, int]] = {  # class, word slots
    FieldType.NIR: (k.C_NIR, 0),
    FieldType.NAME: (k.C_FULL, 4),
    FieldType.SURNAME: (k.C_SURNAME, 3),
    FieldType.FIRST_NAME: (k.C_FIRST, 3),
    FieldType.FULL_NAME: (k.C_FULL, 4),
    FieldType.BIRTH_DATE: (k.C_BIRTH, 0),
    FieldType.PHONE: (k.C_PHONE, 0),
    FieldType.EMAIL: (k.C_EMAIL, 0),
    FieldType.STREET: (k.C_STREET, 3),
    FieldType.POSTCODE: (k.C_POSTCODE, 0),
    FieldType.CITY: (k.C_CITY, 2),
    FieldType.INSURER: (k.C_INSURER, 2),
    FieldType.INSURER_NUMBER: (k.C_INSURER_NUMBER, 0),
    FieldType.DOCTOR: (k.C_DOCTOR, 3),
    FieldType.LABORATORY: (k.C_LABORATORY, 3),
    FieldType.DATE: (k.C_DATE, 0),
    FieldType.PASSWORD: (k.C_PASSWORD, 0),
    FieldType.COMMENT: (k.C_COMMENT, 0),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Slots whose values are counted together: the same role in the same column."""

    kind: FieldType
    role: int
    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which column fills which slots."""

    types: tuple[FieldType, ...]
    first: tuple[int, ...]
    column: tuple[int, ...]
    role: tuple[int, ...]

    @property
    def width(self) -> int:
        """Slots of a row."""
        return len(self.role)

    def groups(self) -> list[Group]:
        """What is counted together, in a fixed order."""
        found: list[Group] = []
        for at, kind in enumerate(self.types):
            for role in sorted(set(_roles(kind))):
                slots = [
                    slot
                    for slot, (column, role_) in enumerate(zip(self.column, self.role, strict=True))
                    if column == at and role_ == role
                ]
                found.append(Group(kind, role, tuple(slots)))
        return found


def plan_slots(types: Sequence[FieldType]) -> Plan:
    """Give every column its slots, by type."""
    first: list[int] = []
    column: list[int] = []
    role: list[int] = []
    for at, kind in enumerate(types):
        first.append(len(role))
        roles = _roles(kind)
        role += roles
        column += [at] * len(roles)
    while len(role) < 2 or len(role) % 2:
        role.append(k.R_VALUE)
        column.append(len(types) - 1)
    return Plan(tuple(types), tuple(first), tuple(column), tuple(role))


def _roles(kind: FieldType) -> list[int]:
    if kind not in CLASSES:
        return []
    _, words = CLASSES[kind]
    if words:
        house = [k.R_HOUSE] if kind is FieldType.STREET else []
        return [k.R_WORD] * words + [k.R_JOINED] + house
    if kind is FieldType.EMAIL:
        return [k.R_VALUE, k.R_LOCAL]
    if kind in (FieldType.PHONE, FieldType.BIRTH_DATE, FieldType.DATE):
        return [k.R_VALUE, k.R_VALUE]
    return [] if kind is FieldType.COMMENT else [k.R_VALUE]
