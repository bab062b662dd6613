"""Ordinary posts without people: talk, recipes, code, logs, traces, settings, numbers."""

from __future__ import annotations

import base64
import hashlib
from random import Random

from vigie.demo.posts.phrases import listed, pick, themes


def chatter(random: Random, language: str) -> str:
    """A few sentences on one theme, sometimes answering another post."""
    theme = random.choice(themes(language))
    sentences = random.sample(listed(theme), random.randint(3, 6))
    text = (". ".join(sentences) + ".").replace("?.", "?")
    if random.random() < 0.4:
        quoted = pick(theme, random)
        text = f"> {quoted}\n\n{text}"
    if random.random() < 0.5:
        number = random.randint(2, 90)
        text += (
            f" Ça fait {number} jours maintenant." if language == "fr" else f" {number} days now."
        )
    return text


def title(random: Random, language: str) -> str:
    """A topic's title that no other post shares, as good as certainly."""
    theme = random.choice(themes(language)).split(".")[1]
    return f"[{theme}] {pick(f'{language}.titles', random)} #{random.randint(100, 9999)}"


def recipe(random: Random) -> str:
    """Ingredients with amounts, then steps."""
    parts = random.sample(listed("ingredients"), 6)
    amounts = [f"- {random.randint(1, 40) * 10} g {part}" for part in parts]
    steps = random.sample(listed("fr.recette"), 5)
    numbered = [f"{at}. {step}" for at, step in enumerate(steps, start=1)]
    head = f"{pick('dishes', random)} pour {random.randint(2, 10)} personnes"
    return "\n".join([head, "", *amounts, "", *numbered])


def code(random: Random) -> str:
    """A Python module of small functions."""
    blocks = [f"import {name}" for name in random.sample(["json", "os", "re", "sys", "time"], 3)]
    for name in random.sample(listed("functions"), random.randint(3, 6)):
        module = pick("modules", random)
        blocks.append(
            f"\n\ndef {name}_{module}(items, limit={random.randint(1, 500)}):\n"
            f'    """Keep what is above {random.randint(1, 99)}."""\n'
            f"    found = [item for item in items if item > {random.randint(1, 99)}]\n"
            f"    return found[:limit]"
        )
    return "\n".join(blocks) + "\n"


def log(random: Random) -> str:
    """Lines with times, addresses of documentation networks, hashes and long numbers."""
    lines = []
    second = random.randint(0, 80_000)
    for _ in range(random.randint(15, 40)):
        second += random.randint(0, 9)
        stamp = f"2021-0{random.randint(1, 9)}-1{random.randint(0, 9)}T"
        stamp += f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        service, verb = pick("services", random), pick("verbs", random)
        lines.append(
            f"{stamp} {random.choice(['INFO', 'WARN', 'DEBUG', 'ERROR'])} {service}"
            f"[{random.randint(100, 32_000)}] {verb} request={random.getrandbits(64):016x} "
            f"from 192.0.2.{random.randint(1, 254)} bytes={random.randint(10, 10**13)}"
        )
    return "\n".join(lines)


def trace(random: Random) -> str:
    """A Python traceback."""
    lines = ["Traceback (most recent call last):"]
    for _ in range(random.randint(3, 7)):
        module, name = pick("modules", random), pick("functions", random)
        lines.append(f'  File "/srv/app/{module}.py", line {random.randint(2, 900)}, in {name}')
        lines.append(f"    return {pick('modules', random)}.{pick('functions', random)}(value)")
    return "\n".join([*lines, pick("errors", random)])


def settings(random: Random) -> str:
    """An INI file with ports, sizes and made-up secrets."""
    lines = []
    for section in random.sample(listed("services"), 4):
        lines += [
            f"[{section}]",
            f"port = {random.randint(1024, 65_000)}",
            f"timeout = {random.randint(1, 300)}",
            f"token = {random.getrandbits(128):032x}",
            f"max_bytes = {random.randint(1, 10**10)}",
            "",
        ]
    return "\n".join(lines)


def hashes(random: Random) -> str:
    """Check sums of files, the sort of digits in which a number may seem to stand."""
    lines = []
    for _ in range(random.randint(8, 20)):
        digest = hashlib.sha256(random.randbytes(16)).hexdigest()
        lines.append(f"{digest}  {pick('modules', random)}-{random.randint(1, 99)}.tar.gz")
    return "\n".join(lines)


def packed(random: Random) -> str:
    """Harmless talk in base64."""
    text = "\n".join(chatter(random, "en") for _ in range(5)).encode("utf-8")
    coded = base64.b64encode(text).decode("ascii")
    return "\n".join(coded[at : at + 76] for at in range(0, len(coded), 76))


def stock(random: Random) -> str:
    """SQL rows of things, not people, with bar codes of 13 digits."""
    lines = []
    for number in range(1, random.randint(10, 30)):
        article = pick("ingredients", random).replace("'", "''")
        price = f"{random.randint(1, 99)}.{random.randint(0, 99):02}"
        bar_code = f"3{random.randint(0, 10**12 - 1):012}"
        head = "INSERT INTO `stock` (`id`, `label`, `barcode`, `price`)"
        lines.append(f"{head} VALUES ({number}, '{article}', '{bar_code}', {price});")
    return "\n".join(lines)
