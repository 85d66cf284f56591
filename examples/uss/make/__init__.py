"""Writes the generated files of this folder from hand-written seeds and wordings: `python -m examples.uss.make`.

By hand: knowledge/*.yaml, tools/*.json, probes/anchoring.yaml, probes/reasoning.yaml, and here seeds/ and wording/.
Written: knowledge/cards.jsonl, scenarios/*.jsonl, probes/public.yaml, rehearsal/general.jsonl. Same bytes every time.
"""
