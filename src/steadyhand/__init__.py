"""Steadyhand turns a small open model into a vertical agent that you can sign off.

The names below are the Python interface; each is imported when it is first used, so `import steadyhand` costs nothing
and needs no extra. docs/python.md shows every one at work.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"

_PUBLIC = {  # name -> where it stands
    "Message": "chat.messages",
    "Tool": "chat.messages",
    "ToolCall": "chat.messages",
    "Renderer": "chat.render",
    "parse": "chat.parse",
    "match": "chat.match",
    "load_domain": "datasets.folder",
    "check": "check",
    "extract_resource": "extract",
    "load_model": "models.loading.load",
    "Endpoint": "models.endpoints.endpoint",
    "evaluate": "evaluate.run",
    "compare": "evaluate.compare",
    "verdict": "evaluate.verdict",
    "SftConfig": "settings.training",
    "DpoConfig": "settings.training",
    "train_sft": "train.objectives.sft",
    "train_dpo": "train.objectives.dpo",
    "Session": "agent.session",
}
_ELSEWHERE = {"load_domain": "load", "load_model": "load", "Endpoint": "OpenAIEndpoint"}  # called otherwise there

__all__ = [
    "DpoConfig",
    "Endpoint",
    "Message",
    "Renderer",
    "Session",
    "SftConfig",
    "Tool",
    "ToolCall",
    "__version__",
    "check",
    "compare",
    "evaluate",
    "extract_resource",
    "load_domain",
    "load_model",
    "match",
    "parse",
    "train_dpo",
    "train_sft",
    "verdict",
]

if TYPE_CHECKING:
    from steadyhand.agent.session import Session
    from steadyhand.chat.match import match
    from steadyhand.chat.messages import Message, Tool, ToolCall
    from steadyhand.chat.parse import parse
    from steadyhand.chat.render import Renderer
    from steadyhand.check import check
    from steadyhand.datasets.folder import load as load_domain
    from steadyhand.evaluate.compare import compare
    from steadyhand.evaluate.run import evaluate
    from steadyhand.evaluate.verdict import verdict
    from steadyhand.extract import extract_resource
    from steadyhand.models.endpoints.endpoint import OpenAIEndpoint as Endpoint
    from steadyhand.models.loading.load import load as load_model
    from steadyhand.settings.training import DpoConfig, SftConfig
    from steadyhand.train.objectives.dpo import train_dpo
    from steadyhand.train.objectives.sft import train_sft


def __getattr__(name: str) -> object:
    """A public name, imported now. One whose extra is missing raises PrerequisiteError with what to install."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'steadyhand' has no attribute {name!r}")
    from steadyhand.extras import EXTRA_OF, not_installed

    try:
        module = import_module(f"steadyhand.{_PUBLIC[name]}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA_OF:
            raise
        raise not_installed(error.name or "", f"steadyhand.{name}") from error
    # a package of that name, once imported, stands here by itself: it is called as its function is (`rooms`)
    return globals().get(name) or getattr(module, _ELSEWHERE.get(name, name))


def __dir__() -> list[str]:
    return sorted(__all__)
