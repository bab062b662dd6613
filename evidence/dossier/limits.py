"""LIMITES.md: every claim by its grade, and what to check with what. Both languages."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.dossier.claims import ATTESTED, NOT_PROVEN, PROVEN, Claim

HEADS = (
    (PROVEN, "Prouvé", "Proven"),
    (ATTESTED, "Attesté", "Attested"),
    (NOT_PROVEN, "Non prouvé", "Not proven"),
)
CHECKS = """
## Vérifier sans Vigie / Checking without Vigie

    sh verify.sh                                        # tout / everything
    sha256sum -c SHA256SUMS
    openssl ts -verify -in horodatage/NOM.tsr -data manifest.json -CAfile confiance/NOM.pem
    openssl cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json \\
        -CAfile confiance/signature.pem -purpose any -out /dev/null

Les racines de `confiance/` ont été jointes par l’auteur du dossier : comparez-les avec celles que
publient les autorités. The roots in `confiance/` were put there by the dossier’s author: compare
them with those that the authorities publish.

- La révocation des certificats n’est pas vérifiée hors ligne. Revocation is not checked offline.
- Un journal seul peut être réécrit par qui tient la machine ; les contremarques de temps et les
  points de contrôle remis à un tiers l’excluent (`--checkpoint`). A log alone can be rewritten by
  whoever holds the machine; time stamps and checkpoints held by a third party exclude that.
- openssl accepte des contremarques endommagées ; SHA256SUMS couvre donc aussi les réponses brutes.
  openssl accepts damaged stamps; so SHA256SUMS covers the raw replies as well.
"""


def limits(claims: Sequence[Claim]) -> str:
    """The file's text."""
    parts = ["# Ce que ce dossier prouve, et ce qu’il ne prouve pas\n",
             "# What this dossier proves, and what it does not\n"]  # fmt: skip
    for grade, fr, en in HEADS:
        parts.append(f"\n## {fr} / {en}\n")
        for claim in claims:
            if claim.grade == grade:
                rests = f" ({claim.rests_on})" if claim.rests_on else ""
                parts.append(f"- {claim.fr}{rests}\n  {claim.en}\n")
    return "".join(parts) + CHECKS
