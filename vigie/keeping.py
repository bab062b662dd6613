"""The parts of keeping and deleting, built from the configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evidence.gdpr.documents import Processing
    from evidence.keeping.deletion import Folders
    from evidence.keeping.rules import Rules
    from vigie.config import Config, SourceConfig


def rules(config: Config) -> Rules:
    """The clocks of the configuration."""
    from evidence.keeping.rules import Rules

    told = config.retention
    return Rules(
        quiet=timedelta(seconds=told.quiet),
        dismissed=timedelta(seconds=told.dismissed),
        closed=timedelta(seconds=told.closed),
    )


def folders(config: Config) -> Folders:
    """Where what is deleted lies."""
    from evidence.keeping.deletion import Folders
    from vigie.evidence import originals

    return Folders(originals(config), config.storage.path / "evidence")


def processing(config: Config, sources: Mapping[str, SourceConfig]) -> Processing:
    """What the register and the AIPD are filled from."""
    from evidence.gdpr.documents import Processing, Watched

    told, sealing, evidence = config.gdpr, config.sealing, config.evidence
    return Processing(
        role=told.role, controller=told.controller or evidence.organisation,
        controller_contact=told.controller_contact or evidence.contact, processor=told.processor,
        dpo=told.dpo, ground_6=told.ground_6, ground_9=told.ground_9, nir_ground=told.nir_ground,
        hds=told.hds, persons=told.persons, transfers=told.transfers,
        leaks=tuple(leak.file.stem for leak in config.leak),
        sources=tuple(
            Watched(name, tuple(one.start), one.authority, str(one.authority_until or ""),
                    one.robots)
            for name, one in sorted(sources.items())
        ),
        recipients=len(sealing.recipients),
        unmasking_days=sealing.work_days if sealing.work_recipient else 0,
        rules=rules(config), whole_bytes=config.retention.whole_bytes,
        whole_decision=config.retention.whole_decision,
        made=f"{datetime.now(UTC):%Y-%m-%d}",
    )  # fmt: skip
