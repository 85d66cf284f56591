"""Judges of judged rows: what was asked, who is better, and nothing that was judged bad trained as good."""

from __future__ import annotations

from bench.cases import Desk, expect, judge, shown
from steadyhand.datasets.convert import read_dialogues


@judge("prompt-lost-1")
def prompt_lost(desk: Desk) -> str:
    (source,) = desk.rows("dpo_question.jsonl")
    ran = desk.check("dpo_question.jsonl")
    if refused := ran.findings("R001"):
        return f"refused: {refused[0]['message']}"
    (row,) = desk.exported("dpo_question.jsonl", "trl")
    asked = [turn["content"] for turn in row["prompt"] if turn["role"] == "user"]
    expect(asked == [source["question"]], f"asked: {asked}")
    return "the question is the prompt"


@judge("prompt-doubled-1")
def prompt_doubled(desk: Desk) -> str:
    (source,) = desk.rows("prompt_doubled.jsonl")
    (row,) = desk.exported("prompt_doubled.jsonl", "trl")
    asked = [turn["content"] for turn in row["prompt"]]
    expect(asked == [source["prompt"]], f"prompt: {asked}")
    expect(len(row["chosen"]) == len(row["rejected"]) == 1, f"chosen: {row['chosen']}")
    return "the prompt holds the question once"


@judge("kto-label-1")
def kto_label(desk: Desk) -> str:
    summary, _ = desk.imported("kto_label_text.jsonl")
    trained = summary["cards"] + summary["train"] + summary["eval"] if "cards" in summary else 0
    expect(trained == 0, f"{trained} rows become training answers")
    found = read_dialogues(desk.input("kto_label_text.jsonl"), preferences=True)
    expect(not found.rows, f"{len(found.rows)} plain dialogues")
    if found.rejects:
        return f"refused: {found.rejects[0].reason}"
    words = [str(row["label"]).lower() == "true" for row in desk.rows("kto_label_text.jsonl")]
    expect([row.chosen is not None for row in found.preferences] == words, "judged the wrong way round")
    return f"{len(found.preferences)} judged rows, no training answer"


@judge("null-columns-1")
def null_columns(desk: Desk) -> str:
    ran = desk.check("null_columns.jsonl")
    expect(ran.json["counts"]["records"] == 2, f"{ran.json['counts']}, {shown(ran.findings())}")
    found = read_dialogues(desk.input("null_columns.jsonl"), preferences=True)
    counts = len(found.rows), len(found.preferences)
    expect(counts == (1, 1), f"{counts[0]} dialogues, {counts[1]} pairs")
    return "a dialogue and a pair"


@judge("formats-1")
def trl_completions(desk: Desk) -> str:
    ran = desk.check("trl_prompt_completion.jsonl")
    found = read_dialogues(desk.input("trl_prompt_completion.jsonl"), preferences=True)
    expect(not found.rejects, f"{ran.json['counts']}, {[one.reason for one in found.rejects][:1]}")
    judged = [(one.chosen is not None, one.rejected is not None) for one in found.preferences]
    expect(judged == [(False, True), (True, False)] and len(found.rows) == 1, f"{judged}, {len(found.rows)} dialogues")
    return "two judged answers and a dialogue"


@judge("formats-2")
def rejected_list(desk: Desk) -> str:
    (source,) = desk.rows("rejected_list.jsonl")
    found = read_dialogues(desk.input("rejected_list.jsonl"), preferences=True)
    if found.rejects:
        reason = found.rejects[0].reason
        expect("several" in reason or "rejected" in reason, reason)
        return f"refused: {reason}"
    texts = [one.rejected.content for one in found.preferences if one.rejected]
    expect(texts == source["rejected"], f"rejected: {texts}")
    return f"{len(texts)} pairs"
