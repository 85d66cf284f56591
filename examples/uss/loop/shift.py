"""What happens at USS after the change: answers say `risk` where they said `level`, a URI can be blocked at the
gateway, and people write in other words. Each family makes one scene of a context. Knows no sample and no file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from examples.uss.make.families.compare import meant_for, settle
from examples.uss.make.families.query import ask_uss
from examples.uss.make.scene import Context, Scene
from examples.uss.make.texts import LIMIT, Result, Rule, short_check, verdict, verdict_rule

BLOCKED = {"status": "blocked"}
NEW_TOOL = "block_uri"


def asked(ctx: Context, **more: str) -> tuple[Scene, str]:
    """The user's message on one URI, and the URI."""
    name = ctx.names.any()
    return Scene(ctx).user(ctx.loose(ctx.template.format(e=name, **more))), name


def rated(scene: Scene, name: str) -> Result:
    """USS is asked and answers in its new field."""
    ask_uss(scene, [name])
    result = scene.ctx.result()
    shown = json.loads(result.shown(scene.ctx.rng))
    scene.result({("risk" if key == "level" else key): value for key, value in shown.items()})
    return result


def because(result: Result) -> str:
    if result.level is None:
        return "USS says Not found"
    return f"risk {result.level} is {'above' if result.unsafe else 'not above'} {LIMIT}"


def said(name: str, result: Result) -> str:
    return f"{name} is {verdict('en', result.unsafe)}: {because(result)}."


def query(ctx: Context) -> Scene:
    scene, name = asked(ctx)
    result = rated(scene, name)
    reasoning = ctx.think(("read the result", f"compare risk with {LIMIT}", short_check(result)), ("", "", ""))
    return scene.say(reasoning, said(name, result), verdict_rule("en", result.unsafe))


def compare(ctx: Context) -> Scene:
    unsafe = ctx.rng.random() < 0.5
    scene, name = asked(ctx, v=verdict("en", unsafe))
    meant_for(scene, unsafe)
    return settle(scene, [name], [rated(scene, name)], unsafe)


def blocked(scene: Scene, name: str, intent: str, plan: str, check: str) -> Scene:
    """The call that blocks, and how the user is told."""
    ctx = scene.ctx
    scene.call(ctx.think((intent, plan, check), ("", "", "")), (NEW_TOOL, {"uri": name})).result(BLOCKED)
    reasoning = ctx.think(("read the result", "tell it shortly", "status is blocked"), ("", "", ""))
    return scene.say(reasoning, f"{name} is blocked.", Rule((r"\bblocked\b",), (r"\bnot blocked\b",)))


def block(ctx: Context) -> Scene:
    scene, name = asked(ctx)
    scene.offer.add("query_uss" if ctx.boundary else NEW_TOOL)
    return blocked(scene, name, f"block {name}", f"call {NEW_TOOL}", "copy it exactly")


def block_if(ctx: Context) -> Scene:
    """Blocked only where USS says unsafe."""
    scene, name = asked(ctx)
    scene.offer.add(NEW_TOOL)
    scene.purpose = ", block if unsafe"
    result = rated(scene, name)
    check, word = short_check(result), verdict("en", result.unsafe)
    if result.unsafe:
        return blocked(scene, name, "block if unsafe", f"{check} {word}: call {NEW_TOOL}", f"block {name}")
    reasoning = ctx.think(("block if unsafe", f"{check} {word}", "nothing to block"), ("", "", ""))
    return scene.say(reasoning, f"{said(name, result)} Nothing is blocked.", verdict_rule("en", False))


def meaning(ctx: Context) -> Scene:
    """What the new field means, asked where no tool is on offer."""
    level = ctx.rng.choice((49, 50, 51) if ctx.boundary else (ctx.rng.randint(0, 49), ctx.rng.randint(51, 100)))
    result = Result(level)
    scene = Scene(ctx).user(ctx.loose(ctx.template.format(r=level)))
    reasoning = ctx.think(("explain a risk", f"compare risk with {LIMIT}", short_check(result)), ("", "", ""))
    word = verdict("en", result.unsafe).capitalize()
    return scene.say(reasoning, f"{word}: {because(result)}.", verdict_rule("en", result.unsafe))


FAMILIES: Mapping[str, Callable[[Context], Scene]] = {
    "query": query, "compare": compare, "block": block, "block_if": block_if, "meaning": meaning,
}  # fmt: skip
