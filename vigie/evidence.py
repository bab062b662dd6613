"""Evidence's parts, built from the configuration."""

from __future__ import annotations

import getpass
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import structlog

from vigie import scan_log

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from capture.picture import Picture
    from crawler.picture import Photographer
    from crawler.source import SourceSpec
    from evidence.beside.gatherer import Gatherer
    from evidence.beside.piece import Target
    from evidence.custody.stamping import Stamper
    from evidence.dossier.export import Maker
    from evidence.store import Store
    from evidence.timestamp.authority import Authority
    from vigie.config import Config, SourceConfig
    from vigie.wiring import Catalogue, Record

EVERY = 2.0
UPKEEP = 600.0

log = structlog.get_logger("vigie.evidence")


def authorities(config: Config) -> list[Authority]:
    """The time-stamp authorities of the configuration."""
    from egress.policy import Policy
    from evidence.timestamp.authority import Authority

    return [
        Authority(
            name=one.name,
            url=one.url,
            roots=one.roots,
            intermediates=one.intermediates,
            ca_file=one.ca_file,
            policy=Policy(one.allow_addresses),
            seconds=one.timeout,
        )
        for one in config.evidence.authority
    ]


def stamper(config: Config, engine: Engine) -> Stamper:
    """What stamps the custody log's head."""
    from evidence.custody.stamping import Stamper

    return Stamper(engine, authorities(config), scan_log=scan_log.place(config.storage.path))


def renew_before(config: Config) -> timedelta:
    """How long before its certificate ends a stamp is renewed."""
    return timedelta(seconds=config.evidence.renew_before)


def person(given: str) -> str:
    """Who acts: the name given, otherwise the account that runs the command."""
    return given.strip()[:100] or getpass.getuser()[:100]


def originals(config: Config) -> Path:
    """The folder of sealed originals."""
    return config.storage.path / "originals"


def store(config: Config) -> Store:
    """Where pieces of evidence lie that hold no victim's value."""
    from evidence.store import Store

    return Store(config.storage.path / "evidence")


def gatherer(
    config: Config, record: Record, catalogue: Catalogue, photographer: Photographer,
    session: Callable[[SourceSpec], Sequence[Mapping[str, Any]]] = lambda _spec: (),
) -> Gatherer:  # fmt: skip
    """What gathers DNS, RDAP, clocks, chain, environment and pictures beside captures.

    `photographer` visits the pages of sources that may be fetched now, with the cookies that
    `session` has of a source with an account; what it asks counts against the day's budget.
    """
    from capture.picture import PictureFailed
    from crawler.budget import within_budget
    from egress.policy import Policy
    from evidence.beside import chain_above, clocks, direct, dns, environment, picture, rdap
    from evidence.beside.gatherer import Gatherer, Proxied
    from index.leases import utc_now
    from vigie.wiring import sealed_originals

    sealed = sealed_originals(config)
    evidence = config.evidence
    policy = Policy(evidence.allow_addresses)
    resolvers = [
        dns.Resolver(one.name, one.address, one.port, one.where) for one in evidence.resolver
    ]
    measured = environment.Measured(
        version=version("vigie"),
        echo=evidence.public_address_from,
        provider=evidence.provider,
        policy=policy,
        offset_ms=partial(clocks.worst_offset, evidence.clocks, policy),
    )
    registry = rdap.Registry(evidence.rdap_bootstrap, policy)
    kinds = {
        "dns": lambda target: dns.gather(target, resolvers),
        "rdap": lambda target: rdap.gather(target, registry),
        "clocks": lambda _target: clocks.gather(evidence.clocks, policy),
        "chain": chain_above.gather,
        "environment": lambda target: environment.gather(target, measured),
        "direct": direct.propose,
        "page": lambda target: picture.gather(target, visit, sealed),
    }

    def visit(target: Target) -> Picture:
        if switch := record.sources.obstacle(target.source):
            raise PictureFailed(f"the source is {switch}; nothing is asked of it")
        spec = catalogue.specs().get(target.source)
        if spec is None:
            raise PictureFailed("the source is no longer watched", for_good=True)
        cookies = session(spec) if target.account else ()
        spec = within_budget(spec, record.sources.spending, utc_now())
        if spec is None:
            raise PictureFailed("the day's requests of the source are used up")
        return photographer.take(spec, target.location, cookies)

    def told(source: str, of: Callable[[SourceConfig], object]) -> bool:
        found = catalogue.definitions().get(source)
        return found is not None and bool(of(found))

    known = Proxied(
        proxied=lambda source: told(source, lambda one: one.proxy),
        account=lambda source: told(source, lambda one: one.account),
    )
    return Gatherer(record.engine, store(config), kinds, known, together={"page": picture.BESIDE})


def public_address(config: Config) -> str:
    """What a direct request would reveal; "not measured: …" where nobody can tell."""
    from egress.policy import Policy
    from evidence.beside.environment import Measured, public_address

    policy = Policy(config.evidence.allow_addresses)
    found, why = public_address(Measured("", config.evidence.public_address_from, policy=policy))
    return found or why


def capture_directly(
    config: Config, record: Record, catalogue: Catalogue, capture: int, revealed: str, who: str,
    reason: str,
) -> None:  # fmt: skip
    """One direct request for a proxied capture, in a person's name; raises what says why not."""
    from crawler.picture import Photographer
    from egress.fetch import fetch
    from egress.policy import Policy
    from evidence.beside import direct
    from evidence.beside.piece import NotHad
    from vigie.wiring import sealed_originals

    work = gatherer(config, record, catalogue, Photographer())
    target, sha256 = work.target(capture)
    if switch := record.sources.obstacle(target.source):
        raise NotHad(f"the source is {switch}; nothing is asked of it")
    spec = catalogue.specs().get(target.source)
    policy = Policy(spec.allow_addresses if spec else (), [target.port])
    piece = direct.capture(
        target, lambda address: fetch(address, policy=policy, max_bytes=direct.MAX_BODY),
        sealed_originals(config), revealed, sha256,
    )  # fmt: skip
    work.decided(capture, "direct", piece, who, reason)


def maker(config: Config, engine: Engine) -> Maker:
    """Who makes dossiers; raises ConfigError for half a signing key."""
    from evidence.dossier.export import Maker
    from evidence.dossier.manifest import Signer
    from vigie.config import ConfigError

    evidence = config.evidence
    signer = None
    if evidence.sign_key_file and evidence.sign_certificate_file:
        roots = evidence.sign_roots or evidence.sign_certificate_file
        signer = Signer(evidence.sign_key_file, evidence.sign_certificate_file, roots)
    elif evidence.sign_key_file or evidence.sign_certificate_file:
        raise ConfigError(
            "[evidence] sign_key_file and sign_certificate_file go together; name both or neither."
        )
    return Maker(
        organisation=evidence.organisation,
        contact=evidence.contact,
        store=store(config),
        stamper=stamper(config, engine),
        authorities=authorities(config),
        signer=signer,
        recipients=config.sealing.recipients,
        algorithm=evidence.algorithm,
        piece_bytes=evidence.piece_bytes,
    )


def photographer(record: Record) -> Photographer:
    """Who takes pictures; each visit counts as requests of its source."""
    from crawler.picture import Photographer
    from index.leases import utc_now

    spending = record.sources.spending
    return Photographer(lambda source, hosts: spending.add(source, hosts, utc_now()))


class Keeper:
    """In `vigie watch`: gathers beside new captures, clears working copies and runs the clocks; and
    meanwhile stamps the log's head, soon after a hit.

    What fails is logged by its kind and tried again; nothing here delays or stops a crawl.
    """

    def __init__(
        self, config: Config, record: Record, catalogue: Catalogue, reindex: Callable[[], object],
        session: Callable[[SourceSpec], Sequence[Mapping[str, Any]]],
    ) -> None:  # fmt: skip
        self._config = config
        self._engine = record.engine
        self._reindex = reindex
        self._photographer = photographer(record)
        self._gatherer = gatherer(config, record, catalogue, self._photographer, session)
        self._stamper = stamper(config, record.engine)
        self._over = threading.Event()
        # A picture takes seconds; the stamp over what was captured does not wait for it.
        self._threads = [
            threading.Thread(target=work, name=f"evidence-{name}", daemon=True)
            for name, work in (("gather", self._gather), ("stamp", self._stamping))
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> None:
        """Ask it to end and wait that long; what is not written down is gathered next time."""
        self._over.set()
        self._gatherer.stop()
        self._photographer.close()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _gather(self) -> None:
        kept = 0.0
        while not self._over.wait(EVERY):
            self._try(self._gatherer.run)
            if time.monotonic() - kept > UPKEEP:
                kept = time.monotonic()
                self._try(self._upkeep)

    def _stamping(self) -> None:
        renewed = 0.0
        while not self._over.wait(EVERY):
            self._try(self._stamp)
            if time.monotonic() - renewed > UPKEEP:
                renewed = time.monotonic()
                self._try(self._renew)

    def _renew(self) -> None:
        self._stamper.renew(renew_before(self._config), algorithm=self._config.evidence.algorithm)

    def _stamp(self) -> None:
        self._stamper.retry()
        every = timedelta(seconds=self._config.evidence.stamp_every)
        hits = timedelta(seconds=self._config.evidence.stamp_hits)
        if self._stamper.is_due(every, hits):
            for outcome in self._stamper.stamp_head(algorithm=self._config.evidence.algorithm):
                if outcome.stamp is None:
                    log.warning("not-time-stamped", authority=outcome.authority)

    def _upkeep(self) -> None:
        from evidence.keeping import deletion
        from evidence.working import clear
        from index.leases import utc_now
        from vigie.keeping import folders, rules

        days = self._config.sealing.work_days
        clear(self._engine, originals(self._config), days, utc_now())
        gone = deletion.run(self._engine, folders(self._config), rules(self._config), utc_now())
        if gone.total:
            log.info(
                "deleted", originals=gone.originals, pieces=gone.pieces, quiet=gone.quiet,
                certificate=gone.certificate.number if gone.certificate else 0,
            )  # fmt: skip
        if gone.reindex:
            self._try(self._reindex)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("evidence-broke")
