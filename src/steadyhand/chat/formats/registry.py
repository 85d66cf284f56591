"""All formats by the name that `model.format` takes, in the order in which a template is tried on them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.gemma_call import FUNCTION_GEMMA, GEMMA4
from steadyhand.chat.formats.harmony import HARMONY
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.json_list import GRANITE, JSON_LIST, PHI4_MINI
from steadyhand.chat.formats.llama3_json import LLAMA3_JSON
from steadyhand.chat.formats.minicpm_xml import MINICPM_XML
from steadyhand.chat.formats.mistral import MISTRAL, MISTRAL_LIST
from steadyhand.chat.formats.pythonic import LFM2, OLMO3, PYTHONIC
from steadyhand.chat.formats.qwen_xml import QWEN_XML
from steadyhand.errors import UsageError

FORMATS: Mapping[str, ChatFormat] = MappingProxyType({
    form.name: form
    for form in (
        HERMES, QWEN_XML, LLAMA3_JSON, MISTRAL, MISTRAL_LIST, FUNCTION_GEMMA, GEMMA4, LFM2, OLMO3, PYTHONIC, JSON_LIST,
        PHI4_MINI, GRANITE, MINICPM_XML, HARMONY,
    )
})  # fmt: skip

CALL_ENDS = tuple(dict.fromkeys(end for form in FORMATS.values() for end in form.call_ends))


def format_named(name: str) -> ChatFormat:
    """The format of that name. Raises UsageError.

    format_named("hermes").write_calls([ToolCall("now", {})])
    """
    if name not in FORMATS:
        raise UsageError(f"no call format is called {name!r}", next=f"one of {', '.join(FORMATS)}")
    return FORMATS[name]
