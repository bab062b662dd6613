"""What speaks against a row in a window: values of its kinds that are another person's."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.desk import I_CONFLICTS, I_DATES, I_EMAILS, I_NIRS, I_PHONES, I_QUOTED, I_STAMP
from native.jit import inlined, inner

OTHER_PERSON = 24.0  # first name missing and birth date or NIR different: a relative, a homonym
NAMED_LIKE = 6.0  # the same with half a first name: Pierre, son of Jean-Pierre, at his telephone
OF_THE_LEAK = 12.0  # a value that is another row's: no slip made it, somebody mixed rows
LINE = 600  # bytes of a line looked at on either side
i64 = np.int64


@inner
def beside(f, t, tokens, rows, desk):
    """Whether something of the row stands on the line of a token."""
    first, behind = i64(tokens.start[t]), i64(tokens.end[t])
    low, high = max(i64(0), first - LINE), behind + LINE
    while first > low and f[first - 1] != 10:
        first -= 1
    while behind < high and f[behind] != 10:
        behind += 1
    for c in range(rows.columns):
        if desk.bits[c] > 0.0 and desk.start[c] >= first and desk.start[c] < behind:
            return True
    return False


@inner
def strangers(f, kind, tokens, start, end, hits, hit_first, hit_behind, rows, desk):
    """How many values of a kind stand in the leak and beside the row's, but are another row's."""
    count = 0
    last = i64(-1)
    for h in range(hit_first, hit_behind):
        t = i64(hits.token[h])
        if hits.kind[h] != kind or hits.quality[h] != k.Q_EXACT or t == last or desk.claimed[t]:
            continue  # what an accepted row explains is its own, in a list without borders
        last = t
        if tokens.start[t] >= start and tokens.end[t] <= end and desk.used[t] != desk.info[I_STAMP]:
            count += 1 if beside(f, t, tokens, rows, desk) else 0
    return count


@inner
def has_class(kind, rows, desk):
    """Whether the opened record holds a value of a class."""
    for s in range(rows.slots):
        if desk.record32[s] != 0 and rows.column_class[rows.slot_column[s]] == kind:
            return True
    return False


@inner
def is_whole(column, rows, desk):
    """Whether every word that a row has in a column was found, or all of them as one."""
    whole = True
    for s in range(rows.slots):
        if rows.slot_column[s] != column or desk.record32[s] == 0:
            continue
        if rows.slot_role[s] == k.R_JOINED and desk.slot_token[s] >= 0:
            return True
        if rows.slot_role[s] == k.R_WORD and desk.slot_token[s] < 0:
            whole = False
    return whole


@inner
def is_named(rows, desk):
    """(whether the first name was found, whether all of its words were, letter by letter)."""
    found = desk.by_class[k.C_FIRST] > 0.0 or desk.by_class[k.C_FULL] > 0.0
    whole = desk.by_class[k.C_FULL] > 0.0
    for c in range(rows.columns):
        if rows.column_class[c] == k.C_FIRST and desk.bits[c] > 0.0:
            whole |= desk.quality[c] == k.Q_EXACT and is_whole(c, rows, desk)
    return found, whole


@inner
def missing(kind, shown, most, rows, desk):
    """Whether a row's value of a class is not there, but so many others of it, at most `most`."""
    return (
        shown >= 1 and shown <= most and desk.by_class[kind] == 0.0 and has_class(kind, rows, desk)
    )


@inlined
def births_shown(desk):
    """How many dates the window shows that may be somebody's birth: neither the row's own date of
    something else nor one among the words of its comment."""
    others = desk.info[I_QUOTED] + i64(desk.by_class[k.C_DATE] > 0.0)
    return desk.info[I_DATES] - others


@inner
def conflicts(f, tokens, start, end, hits, hit_first, hit_behind, rows, desk):
    """What speaks against: the window shows another NIR, birth date, e-mail, phone or policy.

    Returns the bits to take off; info[I_CONFLICTS] counts the classes, those twice in which the
    value is another row's.
    """
    b = desk.by_class
    info = desk.info
    cost = 0.0
    count = 0
    other = False
    for each in range(5):
        kind = (k.C_NIR, k.C_BIRTH, k.C_EMAIL, k.C_PHONE, k.C_INSURER_NUMBER)[each]
        token = (k.NIR, k.DATE, k.EMAIL, k.PHONE, k.NUMBER)[each]
        shown = (info[I_NIRS], births_shown(desk), info[I_EMAILS], info[I_PHONES], i64(1))[each]
        most = 2 if kind == k.C_PHONE or kind == k.C_BIRTH else 1
        if not missing(kind, shown, most, rows, desk):
            continue
        theirs = i64(0)
        if kind != k.C_BIRTH:
            theirs = strangers(
                f, token, tokens, start, end, hits, hit_first, hit_behind, rows, desk
            )
        if kind == k.C_INSURER_NUMBER:
            shown = theirs
        elif shown == 1 or kind == k.C_BIRTH:
            cost += (4.0, 3.0, 2.0, 2.0, 0.0)[each]
            count += 1
            other |= each < 2
        if theirs >= 1 and theirs >= shown and kind != k.C_PHONE:
            # Phones lie so near each other that one slip often makes somebody else's.
            cost += OF_THE_LEAK
            count += 1
    named, wholly = is_named(rows, desk)
    unnamed = has_class(k.C_FIRST, rows, desk) and not named
    if other and not wholly and b[k.C_NIR] == 0.0 and b[k.C_EMAIL] < 20.0:
        cost += OTHER_PERSON if unnamed else (NAMED_LIKE if named else 0.0)
    if count and unnamed and b[k.C_SURNAME] > 0.0:
        count += 1
    # A wrong value here and there is a slip; several at once are another person's row.
    if count >= 3:
        cost += OTHER_PERSON
    elif count == 2:
        cost += 6.0
    info[I_CONFLICTS] = count
    return cost
