"""The registry of rules: a code, how grave it is, what it says in one line, and why that matters.

A code never changes its meaning and is never given to another rule: people silence, count and search for it. Letters:
C checks of answers, K coverage, D diversity, N near-duplicates and labels, L leaks, S tools, P preference, T template
and tokens, Q quality and safety, R rows that cannot be read. The page of a rule (`pages/<code>.md`) is what
`steady check --explain` shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from steadyhand.errors import UsageError

Severity = Literal["error", "warning", "note"]  # a note reports something good or neutral and never fails a check
_PAGES = Path(__file__).parent / "pages"


@dataclass(frozen=True)
class Rule:
    code: str
    severity: Severity
    name: str
    title: str
    why: str


_ALL = (
    Rule("R001", "error", "unusable-row", "a row of the data set cannot be used",
         "a row that nobody can read is either lost in silence or breaks the training half-way"),
    Rule("R002", "error", "unreadable-file", "a file as a whole cannot be read",
         "nothing in it was checked, and a training would stop at it or do without it"),
    Rule("R003", "warning", "unusual-container", "rows stand in a form that many programs do not read",
         "what is read here may be one broken row elsewhere, or none"),
    Rule("C101", "error", "gold-fails-its-check", "a gold answer does not pass its own check",
         "the model is trained towards an answer that counts as wrong, and no model can be measured by it"),
    Rule("C102", "warning", "answer-unjudged", "held-out answers are judged by nothing",
         "what nothing judges can be anything, so no verdict can be PASS"),
    Rule("C103", "warning", "bar-out-of-reach", "no number of cases could meet a bar",
         "the verdict would ask for more cases for ever"),
    Rule("C104", "warning", "rejected-passes", "a rejected answer passes every check on it",
         "the checks contradict the comparison, or do not see what it is about, so they will not show it learned"),
    Rule("K301", "error", "untaught-dependency", "a point that others depend on has no cards",
         "the model learns sentences about a concept that it was never taught"),
    Rule("K302", "error", "circular-definition", "points depend on each other in a circle",
         "no order of teaching exists in which every word is known before it is used"),
    Rule("K303", "warning", "undefined-term", "a private term is used and never defined",
         "the model meets a word that nothing explains, and fills it with what it guesses"),
    Rule("K304", "warning", "too-few-cards", "a point has no cards or too few",
         "one wording is memorized and cannot be asked for in another"),
    Rule("K305", "warning", "orphan-card", "a card says nothing of its point",
         "it counts as coverage of a point that it does not teach"),
    Rule("K306", "warning", "undeclared-dependency", "a definition uses another point that depends_on does not name",
         "what is taught first, and what needs cards, is worked out from depends_on alone"),
    Rule("D101", "warning", "unbroken-cue", "the answer can be read off single words of the question",
         "the model learns the word instead of the rule, and fails as soon as they part"),
    Rule("D102", "warning", "predictive-feature", "a feature of the prompt predicts the outcome better than chance",
         "what correlates by accident in the data is learned as if it were the rule"),
    Rule("D103", "warning", "single-answer-template", "most answers begin with the same words",
         "the model learns to open so, whatever is asked"),
    Rule("D104", "warning", "low-effective-number", "many rows, few different questions",
         "knowledge taught in one wording is memorized and cannot be asked for in another"),
    Rule("D105", "warning", "tool-position", "the right tool stands mostly at the same place among those on offer",
         "the model learns the place instead of reading the descriptions"),
    Rule("D106", "note", "missing-combination", "combinations of kind, language, turn and tool that never occur",
         "what is only ever seen apart is learned apart: the tool in one language, the noise in another"),
    Rule("D107", "warning", "partial-input-suffices", "a part of the input tells the outcome better than chance",
         "a model that gets the outcome from the first words, the offer or the length need not read the rest"),
    Rule("D108", "note", "missing-kind", "a point has no cards of a kind that the coverage contract asks for",
         "without boundary, counter-example, noise and later turns the model learns the plain question only"),
    Rule("L201", "error", "group-split-apart", "a group stands on both sides of the split",
         "near-copies of what is evaluated were trained on, so the score measures memory"),
    Rule("L202", "error", "prompt-on-both-sides", "the same prompt is trained on and evaluated",
         "the score measures memory, not the skill"),
    Rule("L203", "warning", "question-on-both-sides",
         "the same last question is trained on and evaluated, in another context",
         "a model that ignores the context would still look right"),
    Rule("L204", "warning", "probe-is-trained", "a probe's question is trained on word by word",
         "the probe no longer shows whether other wordings are understood"),
    Rule("L205", "warning", "near-copy-on-both-sides", "a row is trained on and evaluated in nearly the same words",
         "the score measures memory, not the skill"),
    Rule("L206", "warning", "contained-in-training", "long pieces of an evaluated prompt stand in training rows",
         "a model that memorized the piece looks as if it had understood"),
    Rule("N101", "warning", "redundant", "two rows teach the same: like prompts, same values, same answer",
         "repeated rows weigh more than others, and they leak across a random split"),
    Rule("N102", "error", "label-conflict", "one prompt, two different decisions",
         "the model cannot be right on both, and learns to guess"),
    Rule("N103", "note", "contrast-pair", "like prompts, another value, another answer: a pair worth keeping",
         "such pairs teach the boundary; a deduplication by likeness alone would delete them"),
    Rule("P201", "error", "chosen-equals-rejected", "the better and the worse answer are the same",
         "the loss pushes one text up and down at once; only noise is learned"),
    Rule("P202", "error", "chosen-breaks-contract", "the better answer calls a tool wrongly",
         "preference training rewards exactly the call that the tool will refuse"),
    Rule("P203", "warning", "length-shortcut", "the better answer can be told by its length",
         "the model learns to write longer (or shorter), which is the cheapest way to win"),
    Rule("P204", "warning", "opening-shortcut", "the better answer can be told by its first words",
         "the model learns the phrase, not what made the answer better"),
    Rule("P205", "warning", "rejected-without-error", "the worse answer makes no error that can be named",
         "the loss has to find a difference where there is none, and finds punctuation"),
    Rule("P206", "error", "different-states", "the two answers follow different prompts",
         "what is compared is two situations, not two answers; the model learns which situation it is in"),
    Rule("P207", "warning", "uncompared-answer", "a judged answer is compared with nothing",
         "it cannot be trained on or measured by, so the work that went into judging it is lost"),
    Rule("P208", "warning", "stale-template-row", "a row is not what its data template makes now",
         "the template was improved and training still sees the old wording"),
    Rule("Q101", "warning", "mojibake", "a text was decoded with the wrong encoding or holds control characters",
         "the model learns to write the garbage"),
    Rule("Q102", "warning", "repetition-loop", "an answer ends in a loop",
         "loops are contagious: the model learns not to stop"),
    Rule("Q103", "error", "broken-think", "a think block is not closed, opened twice, or leads to no answer",
         "serving cuts at the tags, so the answer is lost or the thinking is shown"),
    Rule("Q104", "warning", "says-nothing", "a message says nothing", "the model learns to answer nothing"),
    Rule("Q105", "warning", "role-order", "two messages of one role in a row",
         "templates join, drop or repeat them, each in its own way"),
    Rule("Q106", "warning", "placeholder", "a placeholder was never filled",
         "the model will answer with the placeholder itself"),
    Rule("Q107", "error", "secret", "a key, token or private key stands in a text",
         "a model can be made to recite what it was trained on"),
    Rule("Q108", "warning", "personal-data", "an identity, card or mobile number stands in a text",
         "a model can be made to recite it, and the law may forbid to keep it"),
    Rule("Q109", "warning", "nobody-asks", "nobody asks, and the assistant answers",
         "the model learns to talk unasked; some chat templates refuse such a dialogue, others lose its beginning"),
    Rule("S101", "error", "call-breaks-schema", "an expected call does not fit its tool's schema",
         "the model is taught calls that the tool will refuse"),
    Rule("S102", "error", "undeclared-tool", "an expected call names a tool that is not offered",
         "the model learns to call tools from memory instead of reading what is on offer"),
    Rule("S103", "error", "call-without-result", "a call without its result",
         "whatever the assistant says next is invented, and inventing is what is learned"),
    Rule("S104", "error", "result-without-call", "a tool result without a call",
         "the model learns that results appear by themselves"),
    Rule("S105", "warning", "nothing-scored", "nothing in the scenario is scored",
         "the scenario costs time and proves nothing"),
    Rule("S107", "warning", "nothing-held-out", "no scenario is held out for evaluation",
         "without held-out scenarios there can be no verdict"),
    Rule("S108", "warning", "tool-never-used", "a tool is offered again and again and never called",
         "the model learns that this tool is decoration, and will not call it when it is due"),
    Rule("S109", "warning", "null-polluted-schema", "a tool's schema holds keywords that are null",
         "table formats fill what a schema lacks with nulls; in the prompt they are noise that serving lacks"),
    Rule("S110", "warning", "matrix-hole", "a tool is missing from a kind of situation",
         "behavior is learned per tool and kind of input: what was never shown there is a guess"),
    Rule("S111", "warning", "unsupported-value", "an answer states a value that no tool result holds",
         "the model learns to invent what it should have read"),
    Rule("S112", "warning", "null-filled-arguments", "a call gives null for arguments that its tool does not take",
         "table formats give every call the keys of all others; the model learns to write what servers refuse"),
    Rule("S113", "warning", "shared-call-id", "two calls of one message have the same id",
         "which result answers which call is not said; taken in order, values may swap"),
    Rule("T101", "warning", "too-long", "a sample is longer than the limit and would be left out of training",
         "what is left out is not learned, and nobody notices"),
    Rule("T102", "warning", "empty-think-share", "many trained answers have an empty think block",
         "the model learns not to think"),
    Rule("T103", "error", "marker-in-text", "a text contains control markers of the chat format",
         "the tokenizer reads the text as structure, so roles and ends of turns shift"),
    Rule("T104", "error", "prompt-parity", "a training sample does not begin with the prompt that generation sees",
         "what is trained is not what is served"),
    Rule("T105", "error", "template-loses-text", "the chat template loses something",
         "the model is trained on less than the file says"),
    Rule("T106", "error", "all-masked", "no token of a sample would be trained",
         "the row costs time and teaches nothing"),
    Rule("T107", "error", "special-token-in-text", "a text holds a special token of this tokenizer",
         "the tokenizer reads the text as structure: a turn ends, or another begins, in the middle of a sentence"),
    Rule("T108", "error", "foreign-tokenizer", "the tokenizer does not belong to the model",
         "ids that the model never met, or knows under other words, are trained as if they were these texts"),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.code: rule for rule in _ALL}


def selected(select: Iterable[str], ignore: Iterable[str]) -> frozenset[str]:
    """The codes that `select` names (all when it is empty) without those that `ignore` names. Each entry is a code or
    the beginning of one; as in ruff, the longer entry wins, and at equal length `ignore` does.

    Raises UsageError for an entry that no code begins with.
    """
    chosen, silenced = [*map(_known, select)], [*map(_known, ignore)]
    return frozenset(code for code in RULES if _longest(code, chosen or [""]) > _longest(code, silenced))


def _longest(code: str, prefixes: Sequence[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def _known(prefix: str) -> str:
    prefix = prefix.strip().upper()
    if not prefix or not any(code.startswith(prefix) for code in RULES):
        raise UsageError(f"no rule has a code that begins with {prefix!r}", next=_near(prefix))
    return prefix


def page(code: str) -> str:
    """The documentation of a rule as Markdown. Raises UsageError for a code that does not exist."""
    wanted = code.strip().upper()
    if wanted not in RULES:
        raise UsageError(f"there is no rule {code!r}", next=_near(wanted))
    rule = RULES[wanted]
    body = (_PAGES / f"{wanted}.md").read_text(encoding="utf-8")
    return f"# {wanted} {rule.name} ({rule.severity})\n\n{_sentence(rule.title)}\n\nWhy: {rule.why}.\n\n{body}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _near(code: str) -> str:
    import difflib

    close = difflib.get_close_matches(code, RULES, n=3)
    return f"did you mean {', '.join(close)}?" if close else f"the codes are {', '.join(RULES)}"
