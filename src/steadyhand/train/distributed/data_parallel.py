"""Several processes that train one model together (data parallel): of every step's forward passes each takes a share,
gradients are added up, and all take the same step. So the loss is that of one process.

The first member is the process that asked for the training: it alone writes, watches and tells. The others follow it,
and end with it. On CUDA every member sees one card. Imports torch late.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from steadyhand.errors import JobError, PrerequisiteError, SteadyError

if TYPE_CHECKING:
    import torch

Training = TypeVar("Training", bound=Callable[..., Any])
T = TypeVar("T")
PATIENCE = timedelta(days=1)  # the first may be at work alone for hours; a member that died is noticed at once
_PRELOADED = ["torch", "transformers", "peft", "safetensors.torch"]  # once, however many members and trainings come
_ALONE = ("progress", "stop", "guard")  # what only the first is given


class Followed(Exception):  # noqa: N818  it is an end, not an error
    """Ends a training in a member that is not the first: what comes after the last step is the first one's."""


@dataclass(frozen=True)
class Member:
    rank: int = 0
    size: int = 1


_member = Member()


def me() -> Member:
    """Which member of how many this process is."""
    return _member


def together(training: Training) -> Training:
    """The training by `config.workers` processes: its third argument is the config."""

    @functools.wraps(training)
    def by_all(model: Any, data: Any, config: Any, *rest: Any, **named: Any) -> Any:
        if config.workers == 1 or me().size > 1:
            return training(model, data, config, *rest, **named)
        shared = {name: value for name, value in named.items() if name not in _ALONE}
        with gathered(config.workers, by_all, (model, data, config, rest[0]), shared):
            return training(model, data, config, *rest, **named)

    return cast(Training, by_all)


@contextlib.contextmanager
def gathered(size: int, training: Callable[..., Any], words: Sequence[Any], named: Mapping[str, Any]) -> Iterator[None]:
    """Makes this process the first of `size`; the others carry out `training(*words, **named)`. Raises JobError when
    one of them ends before the time, PrerequisiteError for more members than cards."""
    _refuse_few_cards(size)
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(_PRELOADED)
    others, ready = [], []
    with tempfile.TemporaryDirectory() as folder:
        meeting = f"file://{Path(folder) / 'meeting'}"
        for rank in range(1, size):
            here, there = forkserver.Pipe(duplex=False)
            call = (Member(rank, size), meeting, there, training, tuple(words), dict(named))
            others.append(forkserver.Process(target=_follow, args=call, daemon=True))
            ready.append(here)
        try:
            for other in others:
                other.start()
            for here, other in zip(ready, others, strict=True):
                if here not in wait([here, other.sentinel]):
                    raise JobError(f"a worker did not start (exit code {other.exitcode})", next="see above")
                here.recv()
            with _joined(Member(0, size), meeting):
                yield
        except RuntimeError as error:
            raise _explained(error, others, ready) from error
        finally:
            for other in others:
                other.kill()
                other.join()


def _explained(error: RuntimeError, others: Sequence[Any], connections: Sequence[Connection]) -> Exception:
    """gloo and nccl say of a member that is gone that its connection is closed."""
    if "onnection" not in str(error) and all(other.is_alive() for other in others):
        return error
    said = [str(connection.recv()) for connection in connections if connection.poll()]
    codes = [f"exit code {other.exitcode}" for other in others if other.exitcode is not None]
    return JobError(
        f"a worker ended before the time ({', '.join(said or codes or ['it does not say why'])})",
        next="run again: training goes on at its last complete checkpoint",
    )


def _refuse_few_cards(size: int) -> None:
    import torch

    cards = torch.cuda.device_count()
    if cards and size > cards:
        raise PrerequisiteError(f"{size} workers need a card each, there are {cards}", next="lower machine.workers")


def _follow(
    member: Member, meeting: str, ready: Connection, training: Callable[..., Any], words: Sequence[Any],
    named: Mapping[str, Any],
) -> None:  # fmt: skip
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first one's to answer
    cards = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    os.environ["CUDA_VISIBLE_DEVICES"] = cards[member.rank] if len(cards) > member.rank else str(member.rank)
    ready.send("here")
    try:
        with contextlib.suppress(RuntimeError, Followed), _joined(member, meeting):  # the first one says why it ended
            training(*words, **named)
    except SteadyError as error:
        ready.send(error.what)


@contextlib.contextmanager
def _joined(member: Member, meeting: str) -> Iterator[None]:
    import torch
    from torch import distributed

    global _member
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    threads = torch.get_num_threads()
    distributed.init_process_group(
        backend, init_method=meeting, rank=member.rank, world_size=member.size, timeout=PATIENCE
    )
    _member = member
    try:
        if backend == "gloo":
            torch.set_num_threads(max(1, threads // member.size))
        yield
    finally:
        _member = Member()
        torch.set_num_threads(threads)
        distributed.destroy_process_group()


@contextlib.contextmanager
def first_alone() -> Iterator[None]:
    """The first member does what follows before all others."""
    from torch import distributed

    if me().rank:
        distributed.barrier()
    yield
    if me().size > 1 and not me().rank:
        distributed.barrier()


@contextlib.contextmanager
def own_folder(work: Path) -> Iterator[Path]:
    """`work` for the first member; others write nothing that lasts, and have followed to the end behind it."""
    if not me().rank:
        yield work
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
    raise Followed


def share(step: Sequence[T], *, even: bool = False) -> list[tuple[T, bool]]:
    """This member's part of a step's forward passes; it may be empty. `even` gives all members as many: those that
    lack one do the step's first again, and are told that it does not count (False)."""
    mine = [(micro, True) for micro in step[me().rank :: me().size]]
    turns = -(-len(step) // me().size) if even else len(mine)
    return mine + [(step[0], False)] * (turns - len(mine))


def add_gradients(parameters: Sequence[torch.nn.Parameter]) -> None:
    """Puts the sum of all members' gradients in place of this one's."""
    if me().size == 1:
        return
    import torch
    from torch import distributed

    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    parts = torch.split(flat, [p.numel() for p in parameters])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.grad = part.view_as(parameter)


def summed(figures: Mapping[str, float]) -> dict[str, float]:
    """Each figure's sum over all members."""
    sums: dict[str, float] = {}
    for row in _told(dict(figures)):
        for name, value in row.items():
            sums[name] = sums.get(name, 0.0) + value
    return sums


def first_says(value: T) -> T:
    """What the first member gives."""
    return _told(value)[0]


def _told(value: T) -> list[T]:
    """What every member gives."""
    if me().size == 1:
        return [value]
    from torch import distributed

    gathered: list[Any] = [None] * me().size
    distributed.all_gather_object(gathered, value)
    return gathered
