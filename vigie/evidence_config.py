"""[evidence] and [sealing]: who is trusted for the time, what is gathered, who opens originals."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, model_validator

from vigie.config_types import Clock, Network, Seconds, Section, ServerAddress

Model = TypeVar("Model", bound=Section)


class SealingConfig(Section):
    """[sealing]: age public keys that matched originals are encrypted to. `recipients` hold
    their private keys elsewhere; `work_recipient` is the review service's, whose copy goes when
    the alert closes and after `work_days` (0: none is made). Its private half, `work_key_file`, is
    read by `vigie unmask serve` alone, which may run under an account of its own: then
    `review_user` names the account of the review application, and `unmask_socket` where it asks.
    """

    recipients: list[str] = []
    work_recipient: str = ""
    work_days: int = Field(default=30, ge=0, le=30)
    work_key_file: Path | None = None
    unmask_socket: Path | None = None
    review_user: str = ""

    @model_validator(mode="after")
    def _keys_go_together(self) -> SealingConfig:
        if self.work_key_file is not None and not self.work_recipient:
            raise ValueError("work_key_file needs work_recipient, its public half")
        return self


class AuthorityConfig(Section):
    """[[evidence.authority]]: one time-stamp authority (RFC 3161)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    url: str
    roots: Path
    intermediates: Path | None = None
    ca_file: Path | None = None
    qualified: bool = False
    timeout: Seconds = 15.0
    allow_addresses: list[Network] = []


class ResolverConfig(Section):
    """[[evidence.resolver]]: a DNS server that is asked; `where` says whose it is."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    address: ServerAddress
    port: int = Field(default=53, ge=1, le=65535)
    where: str = ""


class ProviderConfig(ResolverConfig):
    """[[block.provider]]: the resolver of a party that an order binds, as its customers use it."""

    party: str = Field(min_length=1)


class BlockConfig(Section):
    """[block]: how blocks are checked. `control` stands outside the providers and outside France;
    `pages` are addresses of block pages."""

    control: ResolverConfig | None = None
    provider: list[ProviderConfig] = []
    pages: list[str] = []
    timeout: Seconds = 4.0


class EvidenceConfig(Section):
    """[evidence]: how captures are proven and dossiers made."""

    organisation: str = ""
    contact: str = ""
    authority: list[AuthorityConfig] = []
    resolver: list[ResolverConfig] = []
    rdap_bootstrap: str = "https://data.iana.org/rdap/"
    public_address_from: str = ""
    provider: str = ""
    clocks: list[Clock] = []
    piece_bytes: int = Field(default=4_000_000, ge=200_000)
    stamp_every: Seconds = 3600.0
    stamp_hits: Seconds = 10.0
    renew_before: Seconds = 90 * 86400.0
    algorithm: str = Field(default="sha256", pattern="^(sha256|sha384|sha512)$")
    sign_key_file: Path | None = None
    sign_certificate_file: Path | None = None
    sign_roots: Path | None = None
    allow_addresses: list[Network] = []


class SmtpConfig(Section):
    """[smtp]: the organisation's own mail server, through which approved requests leave."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    tls: str = Field(default="starttls", pattern="^(starttls|tls|none)$")
    username: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    sender: str = ""
    timeout: Seconds = 30.0

    @model_validator(mode="after")
    def _never_in_clear(self) -> SmtpConfig:
        if self.tls == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError(
                'tls = "none" is for a mail server on this machine; write "starttls" or "tls"'
            )
        if bool(self.username) != (self.password_file is not None):
            raise ValueError("username and password_file go together; name both or neither")
        return self


def absolute_smtp(config: SmtpConfig | None, base: Path) -> SmtpConfig | None:
    """The same with paths relative to the configuration's folder made absolute."""
    return _based(config, base, ("password_file", "ca_file")) if config is not None else None


def absolute_sealing(config: SealingConfig, base: Path) -> SealingConfig:
    """The same with paths relative to the configuration's folder made absolute."""
    return _based(config, base, ("work_key_file", "unmask_socket"))


def absolute(config: EvidenceConfig, base: Path) -> EvidenceConfig:
    """The same with paths relative to the configuration's folder made absolute."""
    named = ("sign_key_file", "sign_certificate_file", "sign_roots")
    authorities = [
        _based(one, base, ("roots", "intermediates", "ca_file")) for one in config.authority
    ]
    return _based(config, base, named).model_copy(update={"authority": authorities})


def _based(model: Model, base: Path, names: tuple[str, ...]) -> Model:
    update: dict[str, Any] = {
        name: base / path for name in names if (path := getattr(model, name)) is not None
    }
    return model.model_copy(update=update)
