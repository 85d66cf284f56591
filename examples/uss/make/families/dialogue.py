"""Dialogues of two or more user turns: the next URI, why, what became of a ticket, thanks, a late report verdict."""

from __future__ import annotations

from examples.uss.make.families.compare import compare_think, filed, meant_for, report_call, settle
from examples.uss.make.families.query import answered, ask_uss, read
from examples.uss.make.scene import Context, Scene
from examples.uss.make.texts import Result, Rule, because, compared, no_verdict, verdict, verdict_rule


def checked(ctx: Context) -> tuple[Scene, str, Result]:
    """A first turn that is over: one URI asked about, queried and read."""
    name = ctx.names.any()
    scene = Scene(ctx).user(ctx.word("query").format(e=name))
    results = answered(scene, [name])
    read(scene, [name], results)
    return scene, name, results[0]


def also(ctx: Context) -> Scene:
    scene, _, _ = checked(ctx)
    name = ctx.names.any()
    scene.user(ctx.loose(ctx.template.format(e=name)))
    return read(scene, [name], answered(scene, [name]))


def why(ctx: Context) -> Scene:
    scene, _, result = checked(ctx)
    word = verdict(ctx.lang, result.unsafe)
    scene.user(ctx.loose(ctx.template.format(v=word)))
    check = "Not found" if result.level is None else compared(ctx.lang, result.level)
    reason = because(ctx.lang, result)
    rule = Rule(
        (("Not found" if result.level is None else rf"(?<!\d){result.level}(?!\d)"),),
        verdict_rule(ctx.lang, result.unsafe).must_not,
    )
    return scene.say(
        ctx.think(("give the reason", "repeat the result", check), ("说原因", "重复结果", check)),
        ctx.pick(f"It is {word}: {reason}.", f"{word}：{reason}。"),
        rule,
    )


def state(ctx: Context) -> Scene:
    """A ticket was filed; asked about it, the model says pending and who must confirm, and calls nothing."""
    name, unsafe = ctx.names.any(), ctx.rng.random() < 0.5
    scene = Scene(ctx).user(ctx.word("compare").format(e=name, v=verdict(ctx.lang, unsafe)))
    ticket = ctx.names.ticket()
    level = ctx.rng.randint(0, 50) if unsafe else ctx.rng.randint(51, 100)
    _queried_and_filed(scene, name, Result(level), unsafe, ticket)
    scene.user(ctx.loose(str(ctx.template)))
    return scene.say(
        ctx.think(
            ("tell the ticket state", "repeat the state", "still pending"), ("说单子状态", "重复状态", "还是 pending")
        ),
        ctx.pick(
            f"{ticket} is still pending. The reviewer must confirm it.", f"{ticket} 还是 pending，要等审核员确认。"
        ),
        Rule(("pending|等待|待确认",), (r"\b(is|was) (accepted|rejected)\b|已经?通过",)),
    )


def _queried_and_filed(scene: Scene, name: str, result: Result, unsafe: bool, ticket: str) -> Scene:
    ctx = scene.ctx
    ask_uss(meant_for(scene, unsafe), [name]).result(result.shown(ctx.rng))
    scene.call(compare_think(ctx, {name: result}, unsafe), report_call(name, unsafe)).result(
        {"ticket": ticket, "state": "pending"}
    )
    return filed(scene, [ticket])


def thanks(ctx: Context) -> Scene:
    scene, _, _ = checked(ctx)
    scene.user(ctx.loose(str(ctx.template)))
    scene.tags.add("stop")
    return scene.say(
        ctx.think(("thanks, nothing to do", "answer and stop", "no call"), ("道谢，没有事", "回答并停止", "不调用")),
        ctx.pick("You are welcome.", "不客气。"),
        Rule(
            (ctx.pick("welcome|glad|pleasure|any ?time|no problem", "不客气|不用谢|不谢|高兴"),), no_verdict(ctx.lang)
        ),
    )


def report_now(ctx: Context) -> Scene:
    """After the reading the user gives the report's verdict: report it only where it differs."""
    scene, name, result = checked(ctx)
    unsafe = (not result.unsafe) if ctx.rng.random() < 0.7 else result.unsafe
    scene.user(ctx.loose(ctx.template.format(v=verdict(ctx.lang, unsafe))))
    return settle(scene, [name], [result], unsafe)


def lesson(ctx: Context) -> Scene:
    """A question on USS first, then work: the meaning must hold in later turns."""
    en = ("What is USS?", "USS is our private service. It rates how safe a URL, domain or IP is.")
    zh = ("USS 是什么？", "USS 是我们内部的安全服务，给网址、域名和 IP 打分。")
    if ctx.split == "eval":
        en, zh = ("What may USS be?", en[1]), ("USS 到底是啥？", zh[1])
    scene = Scene(ctx).user(ctx.pick(en[0], zh[0]))
    scene.say(
        ctx.think(
            ("explain USS", "say what it is", "private service for URIs"),
            ("解释 USS", "说它是什么", "内部的网址安全服务"),
        ),
        ctx.pick(en[1], zh[1]),
        Rule((ctx.pick("private|our own|internal", "内部|私有|我们"),), (ctx.pick(r"\bships?\b|navy", "舰"),)),
    )
    name = ctx.names.any()
    scene.user(ctx.loose(ctx.template.format(e=name)))
    return read(scene, [name], answered(scene, [name]))
