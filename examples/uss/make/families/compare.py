"""Comparing a report's verdict with USS's, telling USS when they differ, stopping when they do not."""

from __future__ import annotations

from examples.uss.make.families.query import answered
from examples.uss.make.scene import Call, Context, Scene
from examples.uss.make.texts import (
    Result,
    Rule,
    reason_of,
    schema_verdict,
    short_check,
    side_by_side,
    verdict,
    verdict_rule,
)

MARK = "*"  # before a name that is to be reported


def report_call(name: str, report_unsafe: bool) -> Call:
    """The report's verdict is what USS is told."""
    return "report_uss", {"uri": name, "verdict": schema_verdict(report_unsafe), "reason": reason_of(report_unsafe)}


def settle(scene: Scene, names: list[str], results: list[Result], report_unsafe: bool) -> Scene:
    """Reports every name where USS differs, then stops; stops at once where none does."""
    seen = dict(zip(names, results, strict=True))
    wrong = [name for name, result in seen.items() if result.unsafe != report_unsafe]
    scene.offer.add("report_uss")
    scene.tags.add("stop")
    return report(scene, wrong, seen, report_unsafe) if wrong else agree(scene, seen, report_unsafe)


def says(ctx: Context, report_unsafe: bool) -> str:
    word = schema_verdict(report_unsafe)
    return ctx.pick(f"the report says {word}", f"报告说 {word}")


def meant_for(scene: Scene, report_unsafe: bool) -> Scene:
    """From now on the scene's lookups say what they are compared with."""
    scene.purpose = scene.ctx.pick(", ", "，") + says(scene.ctx, report_unsafe)
    return scene


def compare_think(ctx: Context, seen: dict[str, Result], report_unsafe: bool) -> str:
    """Each line rests on the one before: what the report says, what USS's levels mean, whether they differ. A model
    that writes the conclusion first has to guess it. Each name stands behind its verdicts, with a mark right before
    those to be reported, whose number stands before their list: what stands behind a mark is found by a single look,
    and a list whose length is known does not end early."""
    comma = ctx.pick("; ", "；")
    uss = comma.join(f"{short_check(r)} {schema_verdict(r.unsafe)}" for r in seen.values())
    marked = [name if r.unsafe == report_unsafe else MARK + name for name, r in seen.items()]
    pairs = [side_by_side(ctx.lang, report_unsafe, r.unsafe) for r in seen.values()]
    words = comma.join(f"{pair} {name}" for pair, name in zip(pairs, marked, strict=True))
    wrong = [name for name in marked if name.startswith(MARK)]
    act = " ".join((ctx.pick("report", "上报"), str(len(wrong)), *wrong)) if wrong else ctx.pick("stop", "停止")
    return ctx.think(
        (says(ctx, report_unsafe), f"USS: {uss}", f"{words}: {act}"),
        (says(ctx, report_unsafe), f"USS：{uss}", f"{words}：{act}"),
    )


def agree(scene: Scene, seen: dict[str, Result], unsafe: bool) -> Scene:
    ctx, word = scene.ctx, verdict(scene.ctx.lang, unsafe)
    rule = verdict_rule(ctx.lang, unsafe)
    scene.tags.add("reading")
    return scene.say(
        compare_think(ctx, seen, unsafe),
        ctx.pick(f"Both say {word}. Nothing to report.", f"两边都说{word}，不用上报。"),
        Rule((*rule.must, ctx.pick("nothing|no need|not need|agree|both", "不用|不需要|无需|一致|都")), rule.must_not),
    )


def report(scene: Scene, wrong: list[str], seen: dict[str, Result], report_unsafe: bool) -> Scene:
    ctx = scene.ctx
    scene.call(compare_think(ctx, seen, report_unsafe), *(report_call(name, report_unsafe) for name in wrong))
    if len(wrong) == 1 and ctx.rng.random() < 0.2:
        return already(scene)
    tickets = [ctx.names.ticket() for _ in wrong]
    for ticket in tickets:
        scene.result({"ticket": ticket, "state": "pending"})
    return filed(scene, tickets)


def filed(scene: Scene, tickets: list[str]) -> Scene:
    ctx, listed = scene.ctx, scene.ctx.joined(tickets)
    is_are = "is" if len(tickets) == 1 else "are"
    return scene.say(
        ctx.think(("read the ticket", "say it and stop", "state is pending"), ("看单子", "说明并停止", "状态 pending")),
        ctx.pick(f"Reported. {listed} {is_are} pending.", f"已上报，{listed} 是 pending。"),
        Rule((*tickets, "pending|等待|待确认"), ("accepted|rejected|通过",)),
    )


def already(scene: Scene) -> Scene:
    ctx, ticket = scene.ctx, scene.ctx.names.ticket()
    scene.result({"error": "already reported", "ticket": ticket})
    return scene.say(
        ctx.think(
            ("read the result", "already reported, so stop", "do not report again"),
            ("看结果", "报过了，停止", "不再上报"),
        ),
        ctx.pick(f"It was already reported as {ticket}. I stop here.", f"已经报过了，单子是 {ticket}，到此为止。"),
        Rule((ctx.pick("already|before", "已经|报过"), ticket), ("accepted|rejected|pending",)),
    )


def compare(ctx: Context) -> Scene:
    """Query USS, compare with the report, then report or stop."""
    name, report_unsafe = ctx.names.any(), ctx.rng.random() < 0.5
    text = ctx.template.format(e=name, v=verdict(ctx.lang, report_unsafe))
    scene = meant_for(Scene(ctx).user(ctx.loose(text)), report_unsafe)
    return settle(scene, [name], answered(scene, [name]), report_unsafe)


def given(ctx: Context) -> Scene:
    """The user already has USS's answer: no query, only the comparison."""
    name, report_unsafe, result = ctx.names.any(), ctx.rng.random() < 0.5, ctx.result()
    shown = "Not found" if result.level is None else ctx.pick(f"level {result.level}", f"等级 {result.level}")
    text = ctx.template.format(e=name, v=verdict(ctx.lang, report_unsafe), u=shown)
    return settle(Scene(ctx).user(ctx.loose(text)), [name], [result], report_unsafe)
