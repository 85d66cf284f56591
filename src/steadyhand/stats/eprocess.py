"""Evidence that may be looked at after every case: e-processes and Wald's sequential test.

Looking at a McNemar p-value every ten cases gives 15 % false alarms at a nominal 5 %. An e-process starts at 1 and is a
supermartingale under the null hypothesis, so by Ville's inequality it ever reaches 1/alpha with probability <= alpha.
"""

from __future__ import annotations

import math
from typing import Literal

from steadyhand.errors import UsageError

SprtWord = Literal["damaged", "healthy", "continue"]


def e_value_worse(gains: int, losses: int) -> float:
    """Evidence that the second model is worse: the mixture runs over gain rates below 1/2 only.

    2 * integral_0^(1/2) p^gains (1-p)^losses dp / 2^-n, whose incomplete beta function is a binomial tail:
    I_(1/2)(gains + 1, losses + 1) = P(Binomial(n + 1, 1/2) > gains). A supermartingale whenever gains are as likely
    as losses or likelier.
    """
    n = gains + losses + 1
    log_terms = [_log_choose(n, i) - n * math.log(2) for i in range(gains + 1, n + 1)]
    peak = max(log_terms)
    log_tail = peak + math.log(math.fsum(math.exp(term - peak) for term in log_terms))
    return _exp(math.log(2) + _log_mixture(gains, losses) + log_tail)


def sprt(failures: int, n: int, p0: float, p1: float, alpha: float = 0.05, beta: float = 0.05) -> SprtWord:
    """Wald's test of a failure rate: `p0` (what the base model shows) against `p1` > p0 (damage), after n samples.

    "damaged" when the likelihood ratio reaches (1 - beta) / alpha, "healthy" at beta / (1 - alpha) or below, else
    "continue" (Wald 1945, eqs. 3.13-3.15). May be asked after every sample.
    """
    if not 0 < p0 < p1 < 1 or not 0 <= failures <= n:
        raise UsageError(
            f"the sequential test needs 0 < p0 < p1 < 1 and failures within n, not p0={p0}, p1={p1}, {failures} of {n}",
            next="a base model without failures has p0 = 0: take its Wilson upper bound instead",
        )
    log_ratio = failures * math.log(p1 / p0) + (n - failures) * math.log((1 - p1) / (1 - p0))
    if log_ratio >= math.log((1 - beta) / alpha):
        return "damaged"
    return "healthy" if log_ratio <= math.log(beta / (1 - alpha)) else "continue"


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _log_mixture(gains: int, losses: int) -> float:
    if min(gains, losses) < 0:
        raise UsageError(f"counts cannot be negative: {gains}, {losses}")
    n = gains + losses
    return n * math.log(2) - math.log(n + 1) - _log_choose(n, gains)


def _exp(log_value: float) -> float:
    return math.exp(log_value) if log_value < 700 else math.inf
