"""Measures a model on a domain, compares two measurements and says what may be signed off.

`evaluate` asks, `rescore` judges stored answers again, `compare` pairs two evaluations, `verdict` and `gate` decide.
Knows raw completions and rules; never how a model runs, and nothing of training.
"""

import sys

from steadyhand.evaluate.compare import Comparison, compare
from steadyhand.evaluate.gate import gate
from steadyhand.evaluate.run import evaluate, rescore
from steadyhand.evaluate.verdict import verdict
from steadyhand.rooms import Room

sys.modules[__name__].__class__ = Room  # steadyhand.evaluate(backend, domain)

__all__ = ["Comparison", "compare", "evaluate", "gate", "rescore", "verdict"]
