"""The method's claims, each with the word that its figures deserve: SHOWN, NOT SHOWN or CONTRADICTED.

    python -m experiments.claims                      every claim on the embedded base
    python -m experiments.claims --only C5,C11        some
    python -m experiments.claims --base smollm2       on SmolLM2-135M-Instruct (`make smol` brings it)
    python -m experiments.claims --report             writes docs/claims.md from kept results; trains nothing

Every training and every asking is kept in OUT by its content: a stopped call goes on where it was, a second one does
only what is missing, and claims share what they have in common. Rules stand in each claim's file and are fixed before
it runs; settings are chosen on training wordings held back. Results go to experiments/claims/results.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.claims import report
from experiments.claims.all import CLAIMS, chosen_of
from experiments.claims.bases import base_named
from experiments.ending import ended


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    return ended(lambda: _work(asked))


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--only", default="", help=f"comma-separated, of {', '.join(CLAIMS)}")
    made.add_argument("--base", default="nano", help="nano or smollm2")
    made.add_argument("--domain", type=Path, help="a domain folder; the first part of examples/uss by default")
    made.add_argument("--out", type=Path, default=Path("runs/claims"), help="where models and answers are kept")
    made.add_argument("--results", type=Path, default=report.RESULTS, help="where figures go, one JSON file a claim")
    made.add_argument("--minutes", type=float, default=0, help="begin no job after so long; 0: do all")
    made.add_argument("--report", action="store_true", help="write the pages from results; train nothing")
    made.add_argument("--docs", type=Path, default=report.DOCS, help="where the pages go")
    return made.parse_args(words)


def _work(asked: argparse.Namespace) -> None:
    if asked.report:
        for page in report.write(asked.results, asked.docs):
            print(page)
        return
    from experiments.claims.carried import carry_out

    base, claims = base_named(asked.base), chosen_of(asked.only)
    carry_out(claims, base, asked.domain, asked.out, asked.results, asked.minutes)


if __name__ == "__main__":
    sys.exit(main())
