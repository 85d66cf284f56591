"""Asking USS about one or several URIs and reading what it says."""

from __future__ import annotations

from examples.uss.make.entities import defang, kind_of
from examples.uss.make.scene import Call, Context, Scene
from examples.uss.make.texts import Result, Rule, no_verdict, reading, reading_rule, reading_think, said_of, verdict

ERRORS = {"train": ("timeout", "service down", "rate limit", "no access"), "eval": ("timeout", "server busy")}


def query_calls(names: list[str]) -> list[Call]:
    return [("query_uss", {"uri": name}) for name in names]


def ask_uss(scene: Scene, names: list[str]) -> Scene:
    """The call that queries USS for every name, in the order given. Quoting the names first makes the reasoning see
    what they are before it decides."""
    ctx, n, quoted = scene.ctx, len(names), scene.ctx.joined(names) + scene.purpose
    if n == 1:
        reasoning = ctx.think(
            (f"rate {quoted}", "call query_uss", "copy it exactly"), (f"查 {quoted}", "调用 query_uss", "照抄")
        )
    else:
        reasoning = ctx.think(
            (f"rate {quoted}", "call query_uss for each", f"{n} calls, copied exactly"),
            (f"查 {quoted}", "每个调用 query_uss", f"共 {n} 个，照抄"),
        )
    return scene.call(reasoning, *query_calls(names))


def every_flag(ctx: Context, flags: dict[str, bool]) -> str:
    """Every flag with its value: the call then copies what the reasoning has decided."""
    comma = ctx.pick(", ", "，")
    return comma.join(f"{key} {'true' if on else 'false'}" for key, on in flags.items())


def answered(scene: Scene, names: list[str]) -> list[Result]:
    """Queries USS for the names and adds its results."""
    ask_uss(scene, names)
    results = [scene.ctx.result() for _ in names]
    for result in results:
        scene.result(result.shown(scene.ctx.rng))
    return results


def read(scene: Scene, names: list[str], results: list[Result]) -> Scene:
    scene.tags.add("reading")
    lang = scene.ctx.lang
    return scene.say(reading_think(lang, results), reading(lang, names, results), reading_rule(lang, names, results))


def one(ctx: Context) -> Scene:
    name = ctx.names.any()
    scene = Scene(ctx).user(ctx.loose(ctx.template.format(e=name)))
    return read(scene, [name], answered(scene, [name]))


def many(ctx: Context) -> Scene:
    names = [ctx.names.any() for _ in range(ctx.rng.choice((2, 2, 3)))]
    scene = Scene(ctx).user(ctx.loose(ctx.template.format(list=ctx.joined(names))))
    return read(scene, names, answered(scene, names))


def defanged(ctx: Context) -> Scene:
    """A defanged name goes through extract_resource first; only then USS is asked. The reasoning says what kind of name
    it is before it sets the flags."""
    name = ctx.names.any() if ctx.split == "eval" else ctx.names.any_kind()
    kind = kind_of(name)
    dot = ctx.rng.choice(("(.)", "[.")) if ctx.noisy else "[.]"
    shown, flags = defang(name, dot), {key: key == kind for key in ("domain", "ip", "uri")}
    scene = Scene(ctx).user(ctx.loose(ctx.template.format(d=shown)))
    scene.call(
        ctx.think(
            (f"rate {shown}", f"take out {kind}: call extract_resource first", every_flag(ctx, flags)),
            (f"查 {shown}", f"取出 {kind}，先调用 extract_resource", every_flag(ctx, flags)),
        ),
        ("extract_resource", flags),
    )
    scene.result({f"{kind}s": [name]})
    return read(scene, [name], answered(scene, [name]))


def error(ctx: Context) -> Scene:
    """USS fails: say so and invent nothing; at the boundary one of two calls fails."""
    if ctx.boundary:
        return _half_failed(ctx)
    name, reason = ctx.names.any(), ctx.rng.choice(ERRORS[ctx.split])
    scene = ask_uss(Scene(ctx).user(ctx.loose(ctx.template.format(e=name))), [name])
    scene.result({"error": reason})
    return scene.say(
        ctx.think(
            ("read the result", "say it failed", "no data, do not invent"), ("看结果", "说明出错", "没有数据，不编造")
        ),
        ctx.pick(f"The call failed: {reason}. Please try later.", f"调用失败：{reason}。请以后再试。"),
        Rule((ctx.pick(r"fail|error|cannot|could not", "失败|出错|错误|不能|无法"),), no_verdict(ctx.lang)),
    )


def _half_failed(ctx: Context) -> Scene:
    good, bad = ctx.names.any(), ctx.names.any()
    result, reason = ctx.result(), ctx.rng.choice(ERRORS[ctx.split])
    scene = ask_uss(Scene(ctx).user(ctx.template.format(e=ctx.joined([good, bad]))), [good, bad])
    scene.result(result.shown(ctx.rng)).result({"error": reason})
    word = verdict(ctx.lang, result.unsafe)
    wrong = [said_of(ctx.lang, good, not result.unsafe), *(said_of(ctx.lang, bad, u) for u in (True, False))]
    return scene.say(
        ctx.think(
            ("read two results", "read one, one failed", f"{result.check('en')}; error"),
            ("看两个结果", "一个可看，一个出错", f"{result.check('zh')}；出错"),
        ),
        ctx.pick(f"{good} is {word}; {bad}: the call failed.", f"{good} {word}；{bad} 调用失败。"),
        Rule((said_of(ctx.lang, good, result.unsafe), ctx.pick("fail|error", "失败|出错|错误")), tuple(wrong)),
    )
