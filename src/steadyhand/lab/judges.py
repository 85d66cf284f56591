"""Who judges a domain's comparisons best? A reasoning judge, tuned on them, beside three others, on held-out ones.

The stages are a run's, then: `preference` (one number on top, the scalar judge), `reasoning` (reads both answers, says
why, then A, B or TIE) and `judges` (what each is right about). Every judge is asked in both orders where an order can
matter; a word that turns with it is a tie, and a tie is not right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadyhand.chat.messages import Json, Message
from steadyhand.chat.render import Renderer
from steadyhand.domain.model import Domain
from steadyhand.domain.rows import Group
from steadyhand.errors import JobError
from steadyhand.flow import run as main
from steadyhand.flow.artifacts import read_evaluation, read_json, write_json
from steadyhand.flow.context import RunContext
from steadyhand.flow.engine import Watcher
from steadyhand.flow.interrupt import first_interrupt
from steadyhand.flow.plan import Planned
from steadyhand.flow.run import STAGES
from steadyhand.flow.stage import Stage, stage
from steadyhand.flow.stages import MODEL
from steadyhand.flow.tracking import told
from steadyhand.lab import preference
from steadyhand.models.backend import Prompt
from steadyhand.pairs.build import given_groups
from steadyhand.pairs.case import Case, cases
from steadyhand.pairs.judge import Choice, Judge, ModelJudge, Pair, ScoreJudge, in_both_orders
from steadyhand.pairs.reasoning import ReasoningJudge, reasoning_rows
from steadyhand.settings import Settings, filled
from steadyhand.stats.intervals import wilson_clustered

if TYPE_CHECKING:
    from steadyhand.models.generation.local import LocalModel

TABLE = "judges.json"
_BEFORE = ("check", "eval_base", "sft", "gate", "eval_sft", "pairs", "dpo", "merge", "eval_dpo")
_TAUGHT = "preference.held sft dpo.lora_rank model.dtype seed"


def reasoning_stage() -> Stage:
    return stage("reasoning", train, "sft pairs", "model training heldout", _TAUGHT)


def stages_of() -> tuple[Stage, ...]:
    compared = "online.judge online.judge_model preference.certain eval.batch_size seed"
    before = tuple(each for each in STAGES if each.name in _BEFORE)
    measured = stage("judges", measure, "sft pairs preference reasoning eval_dpo", "training heldout", compared)
    scalar = stage("preference", preference.train, "sft pairs", "model training heldout", preference.DEPENDS)
    return (*before, scalar, reasoning_stage(), measured)


def plan(folder: Path, settings: Settings, out: Path) -> list[Planned]:
    return main.plan(folder, settings, out, stages_of())


def judges(folder: Path, settings: Settings, out: Path, watcher: Watcher) -> Json:
    """Carries the stages out where they are not done; the table. Raises what a run raises."""
    context = main.run(folder, settings, out, watcher, stages_of())
    return {"domain": context.parts.domain.name} | read_json(context.artifact("judges") / TABLE)


def train(context: RunContext, out: Path) -> None:
    """The reasoning judge: the run's fine-tuned model, taught to compare."""
    from steadyhand.flow.stages import merge_from
    from steadyhand.models.loading.adapters import kind_of
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.train.objectives.sft import train_sft

    taught, _ = preference.split(context)
    start = context.artifact("sft") / MODEL
    place = context.parts.base if kind_of(start) else start
    asked = _cases(context.parts.domain, Renderer(load_tokenizer(place)))
    rows = reasoning_rows(taught, asked, criteria_of(context.parts.domain), context.settings.seed)
    trained, config = context.work("reasoning") / "trained", filled(context.settings.sft, context.settings)
    with first_interrupt() as stop, told(context, "reasoning") as tell:
        result = train_sft(place, rows, config, trained, tell, stop=stop)
    write_json(out / "curve.json", {"curve": list(result.log), "steps": result.steps, "rows": len(rows)})
    if config.method == "full":
        trained.rename(out / MODEL)
    else:
        merge_from(trained, context, out)


def measure(context: RunContext, out: Path) -> None:
    """What each judge is right about on comparisons that none of them saw, and how the tuned model's own answers do
    against the chosen ones."""
    from steadyhand.models.loading.load import load

    settings, domain = context.settings, context.parts.domain
    model = load(context.artifact("reasoning") / MODEL, dtype=settings.model.dtype)
    asked = _cases(domain, model.renderer)
    _, held = preference.split(context)
    groups = [*held, *given_groups(domain, model.renderer.completion_text, model.renderer.format, split="eval")]
    pairs, clusters = comparisons(groups, asked)
    reasoning = ReasoningJudge(model, criteria_of(domain))
    found: dict[str, Json] = {
        name: right(in_both_orders(judge, pairs), clusters)
        for name, judge in {"reasoning": reasoning, **_others(context, groups, model)}.items()
    }
    write_json(out / TABLE, {"judges": found, "own": _own_answers(context, asked, reasoning)})


def _others(context: RunContext, groups: Sequence[Group], model: LocalModel) -> dict[str, Judge]:
    """The scalar judge; one answer at a time, by how likely the fine-tuned model finds it; a server's model."""
    from steadyhand.models.endpoints.endpoint import OpenAIEndpoint
    from steadyhand.models.loading.load import load

    settings = context.settings
    scalar = preference.load(settings, context.artifact("preference"))
    tuned = load(context.artifact("sft") / MODEL, dtype=settings.model.dtype)

    def scored(case: Case, answers: Sequence[str]) -> list[float]:
        return scalar.scores(Prompt(case.decision.messages, case.tools), answers)

    def likely(case: Case, answers: Sequence[str]) -> list[float]:
        messages = [_message(case, answer) for answer in answers]
        return tuned.log_probs(Prompt(case.decision.messages, case.tools), messages)

    others: dict[str, Judge] = {
        "scalar": ScoreJudge(scored, settings.preference.certain),
        "one at a time": ScoreJudge(likely, 0.5),
    }
    if settings.online.judge.startswith("http"):
        others["endpoint"] = ModelJudge(OpenAIEndpoint(settings.online.judge, settings.online.judge_model))
    return others


def comparisons(groups: Sequence[Group], asked: Mapping[str, Case]) -> tuple[list[Pair], list[str]]:
    """Every chosen answer against each rejected one, the better one first; and the scenario group of each."""
    pairs, clusters = list[Pair](), list[str]()
    for group in groups:
        case = asked[group.id]
        chosen = case.write(group.chosen)
        pairs += [(case, chosen, worse.text) for worse in group.rejected]
        clusters += [case.decision.scenario.group] * len(group.rejected)
    return pairs, clusters


def right(words: Sequence[Choice], clusters: Sequence[str]) -> dict[str, Json]:
    """Of comparisons whose first answer is the better one: how many a judge is right about, with the interval over
    scenario groups; ties and wrong words apart."""
    by: dict[str, list[bool]] = defaultdict(list)
    for word, cluster in zip(words, clusters, strict=True):
        by[cluster].append(word == "first")
    counts, n = Counter(words), len(words)
    row: dict[str, Json] = {"k": counts["first"], "n": n, "ties": counts["tie"], "wrong": counts["second"]}
    if not n:
        return row | {"value": None, "low": None, "high": None}
    interval = wilson_clustered(list(by.values()))
    return row | {"value": counts["first"] / n, "low": interval.low, "high": interval.high}


def _own_answers(context: RunContext, asked: Mapping[str, Case], judge: Judge) -> dict[str, Json]:
    """The tuned model's answers to held-out comparisons against the chosen ones, by the category of the comparison."""
    items = {item.id: item for item in read_evaluation(context.artifact("eval_dpo")).items}
    pairs = [
        (case, items[name].raw, case.write(case.target)) for name, case in asked.items() if name in items and case.given
    ]
    return by_category(pairs, in_both_orders(judge, pairs))


def by_category(pairs: Sequence[Pair], words: Sequence[Choice]) -> dict[str, Json]:
    """Category -> won, lost and tied of the first answers of `pairs`; "all" of them first."""
    counted: dict[str, Counter[Choice]] = {"all": Counter()}
    for (case, _, _), word in zip(pairs, words, strict=True):
        for name in ("all", case.decision.scenario.category or "without a category"):
            counted.setdefault(name, Counter())[word] += 1
    return {
        name: {"won": count["first"], "lost": count["second"], "ties": count["tie"], "n": count.total()}
        for name, count in counted.items()
    }


def judge_of(context: RunContext) -> ReasoningJudge:
    """The trained judge for `steady online`. Raises JobError where it is not shown to be better than a coin."""
    from steadyhand.models.loading.load import load

    model = load(context.artifact("reasoning") / MODEL, dtype=context.settings.model.dtype)
    domain = context.parts.domain
    judge, asked = ReasoningJudge(model, criteria_of(domain)), _cases(domain, model.renderer)
    _, held = preference.split(context)
    pairs, clusters = comparisons(held, asked)
    found = right(in_both_orders(judge, pairs), clusters)
    if found["n"] and found["low"] <= 0.5:
        what = f"the reasoning judge is right in {found['k']} of {found['n']} comparisons that it did not see"
        raise JobError(f"{what}: not shown to be better than a coin", next="compare judges: steady judge FOLDER")
    return judge


def criteria_of(domain: Domain) -> str:
    """What makes an answer the better one, in the words of the domain's pairwise checks."""
    said = [str(check.options.get("criteria", "")).strip() for check in domain.checks.values()]
    given = [one for one in said if one]
    return "; ".join(dict.fromkeys(given))


def _message(case: Case, raw: str) -> Message:
    """A raw answer as a message; what is no sound call stays text."""
    parsed = case.read(raw)
    return Message("assistant", raw if parsed.error else parsed.content, parsed.think, parsed.calls)


def _cases(domain: Domain, renderer: Renderer) -> dict[str, Case]:
    write, form = renderer.completion_text, renderer.format
    both = [*cases(domain, write, form), *cases(domain, write, form, split="eval")]
    return {case.decision.id: case for case in both}
