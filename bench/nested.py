"""Tokens that an epoch of SFT computes on the worked example, with and without nesting samples that begin one another.

    python -m bench.nested [DOMAIN]

Both train the same targets. Uses the rows of the domain's own `[sft]` settings and steady-nano's tokenizer.
"""

from __future__ import annotations

import sys
from pathlib import Path

from steadyhand.cards.rows import sft_rows
from steadyhand.chat.render import Renderer
from steadyhand.datasets.folder import load
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.resolve import resolve as find_model
from steadyhand.settings import resolve
from steadyhand.settings.training import SftConfig
from steadyhand.train.runner.data import nested, samples


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "examples" / "uss")
    sft = resolve(folder).settings.sft
    rows = sft_rows(
        load(folder), scenarios=sft.scenarios, rehearsal=sft.rehearsal, seed=0, card_repeats=sft.card_repeats
    )
    plain = samples(
        rows,
        Renderer(load_tokenizer(find_model("steady-nano"))),
        SftConfig(method="lora", epochs=1, learning_rate=1e-4, max_length=sft.max_length),
    )
    merged = nested(plain)
    before, after = (sum(len(sample.ids) for sample in data) for data in (plain, merged))
    assert sum(sum(sample.mask) for sample in plain) == sum(sum(sample.mask) for sample in merged)
    print(
        f"{len(plain)} samples, {before} tokens; nested {len(merged)}, {after} tokens: {1 - after / before:.0%} fewer"
    )


if __name__ == "__main__":
    main()
