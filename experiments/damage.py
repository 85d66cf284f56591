"""Does the health watch see damage, and only damage? Sound trainings of several seeds, and ailing ones.

    python -m experiments.damage                           20 sound trainings of 80 steps, 3 of each ailment
    python -m experiments.damage --steps 16 --sound 1 --ailing 1

Every training is the domain's own fine-tuning with the watch as the settings have it: a sound one cut to so many steps,
an ailing one whole, of which the first 15 % are trained. Prints where each was stopped and by what sign, then whether
preference training repairs what a rate a hundred times too high has ruined. Every cell is a process of its own and is
kept in OUT; a second call does only what is missing. An error when a sound training was stopped, or an ailing one not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from experiments import kept
from experiments.ailments import AILMENTS
from experiments.ending import ended, parser
from experiments.methods import content_key
from experiments.watched import REPAIR, SOUND, WITHIN
from steadyhand.errors import JobError, UsageError
from steadyhand.stats.intervals import wilson

VERSION = 3  # raised when cells of older code no longer compare with new ones


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    return ended(lambda: _compare(asked))


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    asked = parser(__doc__, "runs/damage")
    asked.add_argument("--steps", type=int, default=80, help="of a sound training, 2,048 tokens each")
    asked.add_argument("--sound", type=int, default=20, help="sound trainings, by seed")
    asked.add_argument("--ailing", type=int, default=3, help="trainings of each ailment, by seed")
    return asked.parse_args(words)


def _compare(asked: argparse.Namespace) -> None:
    if min(asked.steps, asked.sound, asked.ailing) < 1:
        raise UsageError("at least one step and one training of each kind", where="--steps, --sound, --ailing")
    if not asked.domain.is_dir():
        raise UsageError("not a domain folder", where=str(asked.domain), next="for instance --domain examples/uss")
    wanted = [(SOUND, seed) for seed in range(asked.sound)]
    wanted += [(name, seed) for name in AILMENTS if name != SOUND for seed in range(asked.ailing)]
    rows = [cell(name, seed, asked, f"[{i} of {len(wanted) + 1}]") for i, (name, seed) in enumerate(wanted, 1)]
    repair = cell(REPAIR, 0, asked, f"[{len(wanted) + 1} of {len(wanted) + 1}]")
    print(table(rows))
    print("\n" + signs(repair))
    missed = [row for row in rows if not as_it_should(row)]
    if missed or not repair["refused"]:
        names = ", ".join(f"{row['name']} (seed {row['seed']})" for row in missed) or REPAIR
        raise JobError(f"the watch was wrong about {names}", next=f"see {asked.out}")


def cell(name: str, seed: int, asked: argparse.Namespace, position: str) -> dict[str, Any]:
    """What became of one training, kept in OUT. Raises JobError when its process fails."""
    steps = asked.steps if name in (SOUND, REPAIR) else 0
    key = content_key((VERSION, name, steps, seed), asked.domain)
    place = asked.out / f"{name.replace(' ', '-')}-{seed}-{key}"
    words = [name, steps, seed, asked.domain, place]
    return kept.figures("experiments.watched", f"{name}, seed {seed}", words, place, position)


def as_it_should(row: dict[str, Any]) -> bool:
    if row["name"] == SOUND:
        return row["caught"] is None
    return row["caught"] is not None and row["caught"] <= WITHIN * row["steps"]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A line for each ailment: trainings, how many were stopped (95 % Wilson), the latest stop, what the first one said
    or, where none was stopped, what its last check had seen and in how many damage had passed by itself."""
    lines = []
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        stopped = [row for row in own if row["caught"] is not None]
        between = wilson(len(stopped), len(own))
        share = f"{len(stopped)} of {len(own)} [{100 * between.low:.0f}, {100 * between.high:.0f} %]"
        latest = max((row["caught"] / max(1, row["steps"]) for row in stopped), default=None)
        said = stopped[0]["evidence"].split(": ", 1)[-1][:90] if stopped else _last(own[0].get("last", {}))
        passed = sum(bool(row.get("passed")) for row in own)
        said += f"; damage that passed in {passed}" if passed else ""
        lines.append((name, share, "-" if latest is None else f"{100 * latest:.1f} %", said))
    return kept.markdown(
        ("training", "stopped", "at the latest after", "what it said first, or the last check had seen"), lines
    )


def _last(counts: dict[str, Any]) -> str:
    """What the last check of a training that was not stopped had seen, as failures of answers."""
    return ", ".join(f"{sign} {failed} of {n}" for sign, (failed, n) in counts.items() if failed) or "no failure"


def signs(repair: dict[str, Any]) -> str:
    """Failures of all answers, sign by sign, before damage, after it and after preference training."""
    found = repair["signs"]
    names = sorted({sign for counts in found.values() for sign in counts})
    rows = [[who, *("{} of {}".format(*counts.get(sign, (0, 0))) for sign in names)] for who, counts in found.items()]
    refused = repair["refused"] or "it was not refused"
    return f"{kept.markdown(('model', *names), rows)}\n\nPreference training, asked plainly: {refused}"


if __name__ == "__main__":
    sys.exit(main())
