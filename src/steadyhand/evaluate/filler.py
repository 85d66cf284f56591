"""Which sentences of an answer say nothing: clarifying terms, hypothetical branches, generic lecture.

A lexicon, so an approximation, but the same one for both models of a comparison. A sentence counts as a whole when one
pattern is found in it. Rules of the domain stay valid: "if level > 50, it is unsafe" is no hypothetical branch, because
a bare "if" is not in the lexicon; "if you mean the storage bus" is. Tokens are counted as words and Chinese characters,
which needs no tokenizer and treats both models alike.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["clarifying", "hypothetical", "generic"]

_TERM = r"[\w /'-]{1,40}"
LEXICON: dict[Kind, tuple[str, ...]] = {
    "clarifying": (
        r"\b(?:could|can|would) you (?:please )?(?:clarify|specify|explain what|provide more)",
        r"\b(?:could|can|would) you (?:please )?tell me (?:more|which|what)\b",
        r"\b(?:do|did) you mean\b|\bwhat (?:exactly )?do you mean\b|\bare you (?:referring to|asking about)\b",
        r"\bplease (?:clarify|specify|provide (?:more|additional|further))",
        rf"\b{_TERM} (?:can|could|may|might) (?:refer to|stand for|mean|have (?:several|many|different) meanings)",
        r"\b(?:stands|stand) for (?:several|many|various|different)\b|\bnot (?:familiar with|sure what)\b",
        r"\b(?:unclear|ambiguous)\b|\bdepend(?:s|ing) on (?:the |your )?context\b",
        r"\b(?:more|further|additional) (?:context|details?|information) (?:is|are|would be|about|on)\b",
        r"\bwithout (?:more|further|additional) (?:context|details?|information)\b",
        r"请(?:您)?(?:进一步)?(?:说明|澄清|明确|补充|提供更多)|(?:您|你)(?:指的|说的|问的|是指|想问)|(?:您|你)的意思是",
        r"(?:可以|可能|也许)(?:是)?(?:指|代表)|有(?:多种|很多|不同的?)(?:含义|意思|解释)|不(?:清楚|确定)(?:您|你|这|它|具体|是什么)",
        r"(?:取决于|根据)(?:具体)?(?:的)?(?:上下文|语境)|需要更多(?:的)?(?:信息|背景|上下文)|缺(?:少|乏)(?:上下文|背景)",
    ),
    "hypothetical": (
        r"\b(?:if|assuming|suppose|supposing|in case)\b.{0,20}\b(?:you mean|you are (?:asking|referring)|refers? to)",
        r"\b(?:it|this|that|which|they) (?:might|could|may) (?:also |possibly )?(?:be|mean|refer|indicate)\b",
        r"\b(?:perhaps|maybe|possibly|presumably|hypothetically|alternatively)\b",
        r"\b(?:another|one|other) (?:possibility|possibilities|interpretation|option)s? (?:is|are|would|could)\b",
        r"\bit(?:'s| is) (?:also )?possible that\b|\bon the other hand\b",
        r"(?:如果|假如|假设|若)(?:您|你|这里|它|该|题目|用户)?.{0,12}(?:指的?是|是指|想问|说的是|代表)",
        r"也许|或许|另一种(?:可能|解释)|一种可能|还有可能|可能(?:会)?是|不排除",
    ),
    "generic": (
        r"\b(?:in general|generally(?: speaking)?|as a (?:general )?rule|broadly speaking|typically speaking)\b",
        r"\bit(?:'s| is) (?:always )?(?:important|essential|crucial|recommended|advisable|best) to\b",
        r"\balways (?:be|make sure|keep|remember|ensure|use|verify|exercise)\b",
        r"\bbest practices?\b|\bstay (?:safe|vigilant)\b",
        r"\bthere are (?:many|several|various|multiple|numerous) (?:ways|types|kinds|factors|reasons|tools|services)\b",
        r"\bas an ai\b|\bas a language model\b|\bconsult (?:a|an|your|with)\b",
        r"\bplays? an? (?:important|crucial|key|vital) role\b",
        r"\bin (?:today's|the modern|the digital) (?:world|age|era)\b|\bremember that\b",
        r"一般(?:来说|而言|情况下)|通常(?:来说|情况下|而言)|总的来说|总之|众所周知|随着.{1,12}的(?:发展|普及)",
        r"(?:建议|务必|应该|应当|要)(?:始终|保持|时刻|定期|谨慎|提高警惕|咨询)|保持警惕|非常重要|至关重要|最佳实践|作为(?:一个)?(?:人工智能|AI|语言模型)",
        r"有(?:很多|许多|多种|各种)(?:方法|方式|类型|因素|原因|工具|服务)|起着?重要(?:的)?作用",
    ),
}
_PATTERNS = {kind: re.compile("|".join(patterns), re.IGNORECASE) for kind, patterns in LEXICON.items()}
_SENTENCE_END = re.compile(r"(?<=[。！？!?；;\n])|(?<=\.)(?=\s|$)")
_UNIT = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['’._-][^\W_\u3400-\u9fff]+)*")


def sentences(text: str) -> list[str]:
    """`text` cut after sentence ends of both languages and line breaks; a dot inside a host name or number is none."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def tokens(text: str) -> int:
    """Words (a host name is one) plus Chinese characters."""
    return len(_UNIT.findall(text))


def kind_of(sentence: str) -> Kind | None:
    """Why a sentence says nothing; None when it says something."""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(sentence)), None)


def invalid_tokens(text: str) -> tuple[int, int]:
    """(tokens in sentences that say nothing, all tokens) of `text`."""
    counted = [(tokens(sentence), kind_of(sentence)) for sentence in sentences(text)]
    return sum(size for size, kind in counted if kind), sum(size for size, _ in counted)
