"""Online DPO: rounds of answering, judging and training, carried out as further stages of a run.

A round reads the model that the one before left and trains it on groups of its own answers (`pairs.online`). Every
stage is kept like a run's, so more rounds begin where the last ones ended, and a kill loses at most a stage.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.domain.decisions import spread
from steadyhand.errors import UsageError
from steadyhand.flow import run as main
from steadyhand.flow import stages
from steadyhand.flow.artifacts import read_evaluation, read_groups, read_json, write_json
from steadyhand.flow.context import RunContext
from steadyhand.flow.domain_inputs import plain
from steadyhand.flow.engine import Watcher
from steadyhand.flow.outcome import figures
from steadyhand.flow.plan import Planned
from steadyhand.flow.run import MEASURED, REPLAYED, STAGES
from steadyhand.flow.stage import Stage, stage
from steadyhand.flow.stages import MODEL
from steadyhand.lab import judges, preference
from steadyhand.models.backend import Backend, Progress, Prompt, Sampling
from steadyhand.pairs.case import Case, cases
from steadyhand.pairs.judge import Judge, ModelJudge, by_rules
from steadyhand.pairs.online import online_groups
from steadyhand.settings import Settings
from steadyhand.text.redaction import without_passwords

TRAINED_JUDGE, REASONED_JUDGE = "trained", "reasoned"
GROUPS, TALLY = "groups.jsonl", "tally.json"
_BEFORE = ("check", "eval_base", "sft", "gate", "eval_sft", "pairs", "dpo", "merge", "eval_dpo")
TRAINED = "tools taught heldout probes"  # held-out questions only for parity and the health watch
_COMPARED = "online dpo.k eval.batch_size sampling.max_tokens seed model.dtype"


def online_stages(rounds: int, judge: str = "rules") -> tuple[Stage, ...]:
    """Those of a run up to its tuned model, a trained judge where one is asked for, then three for each round."""
    made = [each for each in STAGES if each.name in _BEFORE]
    before, learned, settings = "merge", "", _COMPARED
    if judge == TRAINED_JUDGE:
        made.append(stage("preference", preference.train, "sft pairs", "model training heldout", preference.DEPENDS))
        learned, settings = " preference", f"{_COMPARED} preference.certain"
    if judge == REASONED_JUDGE:
        made.append(judges.reasoning_stage())
        learned = " reasoning"
    for number in range(1, rounds + 1):
        answers, online = f"answers_{number}", f"online_{number}"
        made += [
            stage(answers, partial(answer, before, number), before + learned, "tools training", settings),
            stage(online, partial(train, online, before, answers), f"sft {before} {answers}", TRAINED, REPLAYED),
            stage(f"eval_{online}", partial(evaluate, online), online, "tools heldout probes has", MEASURED, 2),
        ]
        before = online
    return tuple(made)


def plan(folder: Path, settings: Settings, out: Path, rounds: int) -> list[Planned]:
    """What `online` would do and why; trains nothing and writes nothing."""
    return main.plan(folder, settings, out, online_stages(rounds, settings.online.judge))


def online(folder: Path, settings: Settings, out: Path, rounds: int, watcher: Watcher) -> RunContext:
    """Carries out a run's stages where they are not done, and then the rounds. Raises what a run raises, and UsageError
    for a judge without a model's name."""
    given = settings.online
    if (
        given.judge not in ("rules", TRAINED_JUDGE, REASONED_JUDGE) and not given.judge_model
    ):  # a mistake shows before the work
        raise UsageError("a server judges by a model that has a name", next="set online.judge_model")
    return main.run(folder, settings, out, watcher, online_stages(rounds, settings.online.judge))


def answer(before: str, number: int, context: RunContext, out: Path) -> None:
    """The model's answers to training decisions, judged, as groups."""
    from steadyhand.models.loading.load import load

    given = context.settings.online
    model = load(context.artifact(before) / MODEL, dtype=context.settings.model.dtype)
    domain = replace(context.parts.domain, scenarios=spread(context.parts.training, given.decisions))
    asked = cases(domain, model.renderer.completion_text, model.renderer.format)
    texts = answers_of(model, asked, context, 1000 * number)
    groups, tally = online_groups(asked, texts, _judge(context), context.settings.dpo.k, reference=given.reference)
    (out / GROUPS).write_text("".join(json.dumps(plain(g), ensure_ascii=False) + "\n" for g in groups), "utf-8")
    write_json(out / "answers.json", texts)
    write_json(out / TALLY, {"decisions": len(asked), **tally})


def answers_of(model: Backend, asked: Sequence[Case], context: RunContext, seed: int) -> dict[str, list[str]]:
    """Raw answers by decision. One that was cut is left out: trained as one that ends it would be another."""
    prompts = [Prompt(case.decision.messages, case.tools) for case in asked]
    texts: dict[str, list[str]] = {case.decision.id: [] for case in asked}
    samples, size = context.settings.online.samples, context.settings.eval.batch_size
    for sample in range(samples):
        tell = _told(context, sample * len(prompts), samples * len(prompts))
        sampling = _sampling(context.settings, seed + sample)
        completions = model.generate(prompts, sampling, batch_size=size, progress=tell)
        for case, completion in zip(asked, completions, strict=True):
            if completion.finish_reason == "stop":
                texts[case.decision.id].append(completion.text)
    return texts


def _told(context: RunContext, before: int, all_answers: int) -> Progress:
    def tell(done: int, total: int) -> None:
        context.progress(before + done, all_answers, "answers")

    return tell


def train(name: str, before: str, answers: str, context: RunContext, out: Path) -> None:
    """The next model; where all answers were alike or tied there is nothing to learn, and it stays as it is."""
    groups, start = read_groups(context.artifact(answers) / GROUPS), context.artifact(before) / MODEL
    if not groups:
        shutil.copytree(start, out / MODEL)
        return
    stages.train_on(groups, start, name, context, out)
    if context.settings.dpo.method != "full":
        (out / MODEL).rename(out / "adapter")
        stages.merge_from(out / "adapter", context, out)


def evaluate(online: str, context: RunContext, out: Path) -> None:
    stages.evaluate(context, out, online, context.artifact(online) / MODEL)


def story(context: RunContext, rounds: int) -> dict[str, Json]:
    """For each model its figures, and for each round what came of its decisions."""
    names = {"sft": "eval_sft", "dpo": "eval_dpo"}
    names |= {f"online_{number}": f"eval_online_{number}" for number in range(1, rounds + 1)}
    last = f"online_{rounds}" if rounds else "merge"
    return {
        "domain": context.parts.domain.name,
        "models": {name: figures(read_evaluation(context.artifact(at))) for name, at in names.items()},
        "judge": read_json(context.artifact("preference") / preference.HELD) if "preference" in context.keys else None,
        "rounds": [read_json(context.artifact(f"answers_{n}") / TALLY) for n in range(1, rounds + 1)],
        "model_folder": str(context.artifact(last) / MODEL),
        "seconds": context.seconds(),
        "settings": {"online": without_passwords(context.settings.online.model_dump(mode="json"))},
    }


def _sampling(settings: Settings, seed: int) -> Sampling:
    own = settings.seed * 1_000_003 + seed
    return Sampling(settings.online.temperature, 1.0, settings.sampling.max_tokens, own)


def _judge(context: RunContext) -> Judge:
    given = context.settings.online
    if given.judge == "rules":
        return by_rules
    if given.judge == TRAINED_JUDGE:
        return preference.judge_of(context.settings, context.artifact("preference"))
    if given.judge == REASONED_JUDGE:
        return judges.judge_of(context)
    from steadyhand.models.endpoints.endpoint import OpenAIEndpoint

    return ModelJudge(OpenAIEndpoint(given.judge, given.judge_model))
