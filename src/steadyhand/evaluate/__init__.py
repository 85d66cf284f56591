"""Measures a model on a domain, compares two measurements and says what may be signed off.

`evaluate` asks, `rescore` judges stored answers again, `compare` pairs two evaluations, `verdict` and `gate` decide.
Knows raw completions and rules; never how a model runs, and nothing of training.
"""

from steadyhand.evaluate.compare import Comparison, compare
from steadyhand.evaluate.gate import enforce, gate
from steadyhand.evaluate.run import evaluate, rescore
from steadyhand.evaluate.verdict import verdict

__all__ = ["Comparison", "compare", "enforce", "evaluate", "gate", "rescore", "verdict"]
