"""Every outside party of a capture on loopback: DNS, RDAP, a clock, an address echo, two time-stamp
authorities, and a signing key: what `[evidence]` needs, as TOML."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.evidence.certificates import issue
from tests.evidence.outside import abuse, clock_answers, dns_answers, udp_server, web_server
from tests.evidence.tsa import TimeStampServer, time_stamp_server

HOST = "paste.exemple.test"


@dataclass(frozen=True)
class Surroundings:
    """`config` is `[evidence]` and what belongs to it; `dns` the resolver's address."""

    config: str
    dns: str
    authorities: tuple[TimeStampServer, TimeStampServer]


@contextmanager
def surroundings(folder: Path) -> Iterator[Surroundings]:
    """Start them; they end with the block. `HOST` leads to this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    root = issue(folder, "sign-root", is_ca=True)
    issue(folder, "sign", by=root)
    answers: dict[str, tuple[int, object, str]] = {}
    with ExitStack() as stack:
        dns = stack.enter_context(udp_server(dns_answers({HOST: "127.0.0.1"})))
        blocked = stack.enter_context(udp_server(dns_answers({}, "NXDOMAIN")))
        clock = stack.enter_context(udp_server(clock_answers(0.02)))
        web = stack.enter_context(web_server(answers))
        one = stack.enter_context(time_stamp_server(folder / "one"))
        two = stack.enter_context(time_stamp_server(folder / "two"))
        answers["/dns.json"] = 200, {"services": [[["test"], [web]]]}, ""
        answers["/domain/exemple.test"] = 200, abuse("abuse@registrar.example"), ""
        answers["/ip"] = 200, b"203.0.113.9\n", ""
        config = f"""
[evidence]
organisation = "CERT d’essai"
contact = "cert@exemple.fr"
clocks = ["ntp://127.0.0.1:{clock}"]
public_address_from = "{web}ip"
rdap_bootstrap = "{web}"
provider = "fournisseur d’essai"
sign_key_file = "{folder}/sign.key"
sign_certificate_file = "{folder}/sign.pem"
sign_roots = "{root.certificate_file}"
allow_addresses = ["127.0.0.0/8"]
[[evidence.resolver]]
name = "dehors"
address = "127.0.0.1"
port = {dns}
where = "hors de France"
[[evidence.resolver]]
name = "fournisseur"
address = "127.0.0.1"
port = {blocked}
where = "en France"
"""
        for name, server in (("un", one), ("deux", two)):
            config += f"""
[[evidence.authority]]
name = "{name}"
url = "http://127.0.0.1:{server.port}/tsr"
roots = "{server.root.certificate_file}"
allow_addresses = ["127.0.0.0/8"]
"""
        yield Surroundings(config, f"127.0.0.1:{dns}", (one, two))
