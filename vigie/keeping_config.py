"""[retention] and [gdpr]: how long what is kept for, and what the register and the AIPD say."""

from __future__ import annotations

from pydantic import Field, model_validator

from vigie.config_types import Seconds, Section

DAY = 86400.0
WHOLE = 1_000_000


class RetentionConfig(Section):
    """[retention]: the clocks. Of a body longer than `whole_bytes` a sample is sealed; more than
    1 MB needs `whole_decision`: who decided it, when and why."""

    quiet: Seconds = 30 * DAY
    dismissed: Seconds = DAY
    closed: Seconds = 5 * 365 * DAY
    whole_bytes: int = Field(default=WHOLE, ge=0)
    whole_decision: str = ""

    @model_validator(mode="after")
    def _a_person_decides(self) -> RetentionConfig:
        if self.whole_bytes > WHOLE and not self.whole_decision.strip():
            raise ValueError(
                "whole_bytes is above 1 MB: whole bodies of that length are kept by a recorded "
                "decision only; write who decided it, when and why in whole_decision"
            )
        return self


class GdprConfig(Section):
    """[gdpr]: what no measurement tells; what is empty is shown as missing. `role` is that of the
    organisation that runs Vigie: "controller", or "processor" for `controller`."""

    role: str = Field(default="controller", pattern="^(controller|processor)$")
    controller: str = ""
    controller_contact: str = ""
    processor: str = ""
    dpo: str = ""
    ground_6: str = ""
    ground_9: str = ""
    nir_ground: str = ""
    hds: str = ""
    persons: str = ""
    transfers: str = ""
