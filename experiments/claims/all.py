"""The claims by their ids."""

from __future__ import annotations

from experiments.claims import c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12, c13, c14, c15
from experiments.claims.claim import Claim
from steadyhand.errors import UsageError

CLAIMS: dict[str, Claim] = {
    module.CLAIM.id: module.CLAIM
    for module in (c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12, c13, c14, c15)
}


def chosen_of(names: str) -> list[Claim]:
    """The named claims in the order in which they are named; none: all, first the one that others go on from. Raises
    UsageError for an unknown one."""
    wanted = [name.strip().upper() for name in names.split(",") if name.strip()] or sorted(CLAIMS, key="C5".__ne__)
    if unknown := [name for name in wanted if name not in CLAIMS]:
        raise UsageError(f"no claim {unknown[0]!r}", where="--only", next=f"choose from {', '.join(CLAIMS)}")
    return [CLAIMS[name] for name in dict.fromkeys(wanted)]
