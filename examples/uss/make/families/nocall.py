"""Situations where tools are on offer and none is due: concepts, small talk, a missing URI, a missing tool."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from examples.uss.make.families.compare import meant_for
from examples.uss.make.families.extract import posed
from examples.uss.make.scene import Context, Scene
from examples.uss.make.seeds import Block, Question
from examples.uss.make.texts import Rule, no_verdict, verdict


def chat(ctx: Context) -> Scene:
    asked, answer, *must = ctx.template
    return (
        Scene(ctx)
        .user(ctx.loose(asked))
        .say(
            ctx.think(
                ("small talk or general question", "answer shortly", "no tool needed"),
                ("一般问题", "简单回答", "不用工具"),
            ),
            answer,
            Rule(tuple(must)) if must else None,
        )
    )


def missing(ctx: Context) -> Scene:
    scene = Scene(ctx, offer={"query_uss", "report_uss"} if ctx.rng.random() < 0.6 else {"query_uss"})
    return scene.user(ctx.loose(str(ctx.template))).say(
        ctx.think(
            ("the URI is missing", "ask for the URI", "no call yet"), ("缺少对象", "先问对象", "参数不全，不调用")
        ),
        ctx.pick("Which URI? Please send it.", "请问是哪个？请把网址发给我。"),
        Rule((ctx.pick(r"\bwhich\b|\bwhat\b|please|\?", "哪|什么|请|？"),), no_verdict(ctx.lang)),
    )


def _without(ctx: Context, scene: Scene, tool: str, intent: tuple[str, str]) -> Scene:
    """The answer where `tool`, which alone could do what `intent` says, is not on offer."""
    scene.withhold.add(tool)
    en, zh = intent
    return scene.say(
        ctx.think((en, f"{tool} is not on offer", "no tool fits"), (zh, f"没有 {tool}", "没有合适的工具")),
        ctx.pick("I have no tool for that.", "没有可用的工具来做这件事。"),
        Rule(
            (ctx.pick(r"\bno tool|cannot|can't|unable|not available", "没有.{0,8}工具|不能|无法"),),
            no_verdict(ctx.lang),
        ),
    )


def no_query(ctx: Context) -> Scene:
    name = ctx.names.any()
    scene = Scene(ctx).user(ctx.loose(ctx.template.format(e=name)))
    return _without(ctx, scene, "query_uss", (f"rate {name}", f"查 {name}"))


def no_compare(ctx: Context) -> Scene:
    """report_uss may be on offer, yet without query_uss there is nothing to compare with."""
    unsafe, name = ctx.rng.random() < 0.5, ctx.names.any()
    text = ctx.template.format(e=name, v=verdict(ctx.lang, unsafe))
    scene = meant_for(Scene(ctx, offer={"report_uss"}).user(ctx.loose(text)), unsafe)
    return _without(ctx, scene, "query_uss", (f"rate {name}{scene.purpose}", f"查 {name}{scene.purpose}"))


def no_extract(ctx: Context) -> Scene:
    """Without extract_resource the model does not take names out by itself."""
    what = ctx.pick("the domains", "域名")
    scene = posed(ctx, ctx.template.format(what=what), [ctx.names.domain(), ctx.names.ip()])
    return _without(ctx, scene, "extract_resource", (f"take out {what}", f"取出{what}"))


def no_whois(ctx: Context) -> Scene:
    name = ctx.names.domain()
    scene = Scene(ctx).user(ctx.loose(ctx.template.format(x=name)))
    return _without(ctx, scene, "query_whois", (f"find the owner of {name}", f"找 {name} 的所有者"))


@dataclass(frozen=True)
class Concept:
    """A question on a concept, asked while tools are on offer."""

    block: Block
    question: Question


def concept(ctx: Context, picked: Concept) -> Scene:
    block, question = picked.block, picked.question
    return Scene(ctx).user(ctx.loose(ctx.template)).say(block.reasoning(), question.answer, block.rule)


def concepts(blocks: list[Block], rng: random.Random, count: int, *, held: bool) -> Iterator[Concept]:
    """`count` questions, one block after another; held-out wordings when `held`, else those that no card has."""
    pools = [(block, block.held() if held else block.more()) for block in blocks]
    pools = [(block, questions) for block, questions in pools if questions]
    for _, questions in pools:
        rng.shuffle(questions)
    rng.shuffle(pools)
    for index in range(count):
        block, questions = pools[index % len(pools)]
        yield Concept(block, questions[index // len(pools) % len(questions)])
