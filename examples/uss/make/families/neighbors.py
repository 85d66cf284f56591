"""The neighbors of the USS tools: whois, the sandbox, old reports, the reviewer. Each invites a wrong choice."""

from __future__ import annotations

import re

from examples.uss.make.scene import Context, Scene
from examples.uss.make.texts import Json, Rule

Thought = tuple[tuple[str, str, str], tuple[str, str, str]]


def _use(ctx: Context, tool: str, key: str, value: str, intent: tuple[str, str]) -> Scene:
    """The call, with the USS tools on offer as well."""
    scene = Scene(ctx).user(ctx.loose(ctx.template.format(x=value)))
    if ctx.boundary:
        scene.offer.add("query_uss")
    en, zh = (text.format(value) for text in intent)
    reasoning = ctx.think((en, f"call {tool}", "copy it exactly"), (zh, f"调用 {tool}", "照抄"))
    return scene.call(reasoning, (tool, {key: value}))


def _tell(scene: Scene, result: Json, check: tuple[str, str], text: tuple[str, str], must: str) -> Scene:
    ctx = scene.ctx
    if ctx.rng.random() < 0.4:
        return scene
    scene.result(result)
    reasoning = ctx.think(("read the result", "tell it shortly", check[0]), ("看结果", "简单说明", check[1]))
    return scene.say(reasoning, ctx.pick(*text), Rule((must,)))


def whois(ctx: Context) -> Scene:
    name, owner = ctx.names.domain(), ctx.names.owner()
    scene = _use(ctx, "query_whois", "domain", name, ("find the owner of {}", "找 {} 的所有者"))
    text = (f"{name} belongs to {owner}.", f"{name} 属于 {owner}。")
    return _tell(scene, {"owner": owner}, (f"owner is {owner}", f"所有者 {owner}"), text, re.escape(owner))


def sandbox(ctx: Context) -> Scene:
    digest, clean = ctx.names.digest(), ctx.rng.random() < 0.5
    scene = _use(ctx, "run_sandbox", "hash", digest, ("scan the file {}", "扫描文件 {}"))
    word = "clean" if clean else "infected"
    text = (f"The file is {word}.", f"文件{'干净' if clean else '有毒'}。")
    return _tell(
        scene, {"result": word}, (f"result is {word}", f"结果 {word}"), text, f"{word}|{'干净' if clean else '有毒'}"
    )


def search(ctx: Context) -> Scene:
    keyword, count = ctx.names.keyword(ctx.lang), ctx.rng.choice((0, 1, 2, 3, 5, 8, 12))
    scene = _use(ctx, "search_reports", "keyword", keyword, ("find old reports on {}", "找旧报告：{}"))
    text = (f"Reports found: {count}.", f"找到 {count} 份报告。")
    return _tell(
        scene,
        {"count": count},
        (f"count is {count}", f"共 {count} 份"),
        text,
        rf"(?<!\d){count}(?!\d)" + ("" if count else "|no report|没有"),
    )


def notify(ctx: Context) -> Scene:
    ticket = ctx.names.ticket()
    scene = _use(ctx, "notify_reviewer", "ticket", ticket, ("remind the reviewer of {}", "提醒审核员看 {}"))
    text = (f"The reviewer was reminded of {ticket}.", f"已提醒审核员看 {ticket}。")
    return _tell(scene, {"status": "ok"}, ("status is ok", "状态 ok"), text, f"{ticket}|reviewer|审核员")
