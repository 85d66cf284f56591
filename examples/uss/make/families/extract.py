"""Reports with defanged names: extraction with the right flags, and the whole chain from the report to the end."""

from __future__ import annotations

import re

from examples.uss.make.entities import defang, host_of, kind_of
from examples.uss.make.families.compare import meant_for, settle
from examples.uss.make.families.query import answered, every_flag, read
from examples.uss.make.scene import Context, Scene
from examples.uss.make.texts import Rule

KINDS = ("domain", "ip", "uri")
WORDS = {
    "en": {"domain": "the domains", "ip": "the IPs", "uri": "the URLs"},
    "zh": {"domain": "域名", "ip": "IP", "uri": "网址"},
}
TITLES = {"en": {"domain": "Domains", "ip": "IPs", "uri": "URLs"}, "zh": WORDS["zh"]}


def body(ctx: Context, names: list[str]) -> str:
    """A short report that holds the names defanged; noisy ones mix the dots and say more around them."""
    dots = ("[.]", "(.)", "[.") if ctx.noisy else ("[.]",)
    bank = ctx.rng.sample(ctx.words("body"), len(names))
    lines = [ctx.spun(line).format(x=defang(n, ctx.rng.choice(dots))) for line, n in zip(bank, names, strict=True)]
    fillers = ctx.words("filler")
    if ctx.noisy:  # a noisy report may give the model orders
        fillers = ctx.rng.sample([*fillers, *ctx.words("orders")], 3)
    else:
        fillers = ctx.rng.sample(fillers, ctx.rng.choice((0, 1)))
    for filler in fillers:
        lines.insert(ctx.rng.randint(0, len(lines)), ctx.spun(filler))
    return ctx.pick(" ", "").join(lines)


def posed(ctx: Context, ask: str, names: list[str]) -> Scene:
    text = body(ctx, names)
    if ctx.rng.random() < 0.3:
        return Scene(ctx).user(f"{text}\n{ask}")
    return Scene(ctx).user(f"{ctx.loose(ask)}\n{text}")


def drawn(ctx: Context, kinds: set[str]) -> list[str]:
    """One to three names for a report. In training their kinds say nothing about the kinds that are asked for, or the
    flags would be read off the text and not off the request."""
    makers = {"domain": ctx.names.domain, "ip": ctx.names.ip, "uri": ctx.names.url}
    count = ctx.rng.choice((1, 3)) if ctx.boundary else ctx.rng.choice((2, 2, 3))
    likely = sorted(kinds) * 2 if ctx.split == "eval" else []
    return [makers[ctx.rng.choice([*likely, *KINDS])]() for _ in range(count)]


def found(names: list[str], wanted: set[str]) -> dict[str, list[str]]:
    """What extract_resource returns: hosts of URLs count as domains or IPs."""
    hosts = list(dict.fromkeys(host_of(name) for name in names))
    lists = {
        "domain": [h for h in hosts if kind_of(h) == "domain"],
        "ip": [h for h in hosts if kind_of(h) == "ip"],
        "uri": [n for n in names if kind_of(n) == "uri"],
    }
    return {f"{kind}s": lists[kind] for kind in KINDS if kind in wanted}


def take_out(
    scene: Scene, wanted: set[str], names: list[str], then: str, refused: frozenset[str] = frozenset()
) -> dict[str, list[str]]:
    """The call of extract_resource and its result. The reasoning first says the wish in the tool's words, what is
    refused before what is wanted, and what the names are for, then every flag."""
    ctx = scene.ctx
    flags = {kind: kind in wanted for kind in KINDS}
    comma = ctx.pick(", ", "、")
    kinds, without = (comma.join(kind for kind in KINDS if kind in some) for some in (wanted, refused))
    leave = ctx.pick(f"leave {without}; ", f"不要 {without}；") if refused else ""
    scene.call(
        ctx.think(
            (f"{leave}take out {kinds} to {then}{scene.purpose}", "call extract_resource", every_flag(ctx, flags)),
            (f"{leave}取出 {kinds} 来{then}{scene.purpose}", "调用 extract_resource", every_flag(ctx, flags)),
        ),
        ("extract_resource", flags),
    )
    result = found(names, wanted)
    scene.result(result)
    return result


def listed(scene: Scene, result: dict[str, list[str]], names: list[str]) -> Scene:
    ctx, titles = scene.ctx, TITLES[scene.ctx.lang]
    colon, comma, stop = ctx.pick(": ", "："), ctx.pick(", ", "、"), ctx.pick(".", "。")
    parts = [f"{titles[key[:-1]]}{colon}{comma.join(values)}{stop}" for key, values in result.items() if values]
    count = sum(len(values) for values in result.values())
    reasoning = ctx.think(
        ("read the result", "list what was found", f"{count} found"), ("看结果", "列出找到的", f"共 {count} 个")
    )
    if not parts:
        return scene.say(
            reasoning,
            ctx.pick("None was found.", "没有找到。"),
            Rule((ctx.pick(r"\bnone\b|\bno\b|\bnot\b", "没有|无"),), (r"\d\.\d",)),
        )
    text = ctx.pick(" ", "").join(parts)
    values = [re.escape(v) for values in result.values() for v in values]
    unasked = [re.escape(host_of(name)) for name in names if host_of(name) not in text]
    return scene.say(reasoning, text, Rule(tuple(values), tuple(unasked)))


def _extraction(ctx: Context, ask: str, wanted: set[str], refused: frozenset[str] = frozenset()) -> Scene:
    names = drawn(ctx, wanted)
    scene = posed(ctx, ask, names)
    result = take_out(scene, wanted, names, ctx.pick("list", "列出"), refused)
    if ctx.rng.random() < 0.4:
        scene.messages.pop()
        return scene
    return listed(scene, result, names)


def _spoken(ctx: Context, kinds: set[str]) -> str:
    spoken = ctx.joined([WORDS[ctx.lang][kind] for kind in KINDS if kind in kinds])
    return spoken.replace(" 和 ", "和")


def flags(ctx: Context) -> Scene:
    wanted = set(ctx.rng.sample(KINDS, ctx.rng.choice((1, 1, 1, 2, 2, 3))))
    return _extraction(ctx, ctx.template.format(what=_spoken(ctx, wanted)), wanted)


def excluding(ctx: Context) -> Scene:
    """Some kinds are named only to be left out."""
    wanted = set(ctx.rng.sample(KINDS, ctx.rng.choice((1, 2))))
    other = {ctx.rng.choice(sorted(set(KINDS) - wanted))}
    ask = ctx.template.format(what=_spoken(ctx, wanted), other=_spoken(ctx, other))
    return _extraction(ctx, ask, wanted, frozenset(other))


def default(ctx: Context) -> Scene:
    """No wish given: domains and IPs."""
    return _extraction(ctx, str(ctx.template), {"domain", "ip"})


def _chain(ctx: Context, report_unsafe: bool | None = None) -> tuple[Scene, list[str]]:
    """The names of a report are taken out; with a verdict of the report, to compare."""
    names = [ctx.rng.choice((ctx.names.domain, ctx.names.ip, ctx.names.url))() for _ in range(1 if ctx.boundary else 2)]
    scene = posed(ctx, str(ctx.template), names)
    if report_unsafe is not None:
        meant_for(scene, report_unsafe)
    result = take_out(scene, {"domain", "ip"}, names, ctx.pick("rate", "查"))
    return scene, [name for values in result.values() for name in values]


def chain_check(ctx: Context) -> Scene:
    scene, hosts = _chain(ctx)
    return read(scene, hosts, answered(scene, hosts))


def chain_report(ctx: Context) -> Scene:
    scene, hosts = _chain(ctx, report_unsafe=True)
    return settle(scene, hosts, answered(scene, hosts), report_unsafe=True)


def chain_clear(ctx: Context) -> Scene:
    scene, hosts = _chain(ctx, report_unsafe=False)
    return settle(scene, hosts, answered(scene, hosts), report_unsafe=False)
