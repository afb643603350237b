"""What both trainings of the toy world need: an optimiser, batches made ahead, checkpoints and a log.

Separate because it knows neither the models nor what they learn.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import nn

from workbench.errors import InputError

Made = TypeVar("Made")
_LOG = "training_log.jsonl"


@runtime_checkable
class Stateful(Protocol):
    """A model, a loss or an optimiser."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything there is to keep."""
        ...

    def load_state_dict(self, state_dict: Any) -> Any:
        """Take it back."""
        ...


def make_optimiser(rates: Iterable[tuple[list[nn.Parameter], float]], weight_decay: float) -> torch.optim.AdamW:
    """Return AdamW for parameters with their learning rate; lets matrices decay, leaves vectors and numbers alone."""
    groups = [
        {"params": kept, "weight_decay": decay, "lr": rate, "full_rate": rate}
        for parameters, rate in rates
        for kept, decay in (
            ([p for p in parameters if p.ndim >= 2], weight_decay),
            ([p for p in parameters if p.ndim < 2], 0.0),
        )
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def set_rate(optimiser: torch.optim.Optimizer, share: float) -> None:
    """Let everything learn at ``share`` of its rate."""
    for group in optimiser.param_groups:
        group["lr"] = share * group["full_rate"]


def cosine_decay(part: float) -> float:
    """Return the share of the learning rate that is left after ``part`` of the steps: from 1 to 0.02."""
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part))


def made_ahead(make: Callable[[int], Made], steps: range) -> Iterator[Made]:
    """Yield what ``make`` makes of each step, making the next one while the present one is learned from."""
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(make, steps.start) if steps else None
        for step in steps:
            assert ahead is not None
            made, ahead = ahead, pool.submit(make, step + 1) if step + 1 < steps.stop else None
            yield made.result()


def save(work_dir: Path, recipe: Any, step: int, parts: Mapping[str, Stateful]) -> None:
    """Write ``checkpoint.pt``; whoever is interrupted finds the one before."""
    unfinished = work_dir / "checkpoint.part"
    torch.save(
        {"recipe": asdict(recipe), "step": step} | {name: part.state_dict() for name, part in parts.items()}, unfinished
    )
    unfinished.replace(work_dir / "checkpoint.pt")


def load(work_dir: Path, recipe: Any, device: str) -> dict[str, Any] | None:
    """Return the last checkpoint, or None. Raises ``InputError`` if it is of another recipe."""
    path = work_dir / "checkpoint.pt"
    if not path.exists():
        return None
    state = torch.load(path, map_location=device, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise InputError(f"{work_dir} holds a training with another recipe; name another folder or empty this one.")
    return state


def log(work_dir: Path, line: dict[str, Any]) -> None:
    """Add a line to the log."""
    with (work_dir / _LOG).open("a") as file:
        file.write(json.dumps(line) + "\n")


def go_on_with_log(work_dir: Path, step: int, commit: str) -> None:
    """Forget what was logged after ``step``, which is done again, and note which code goes on from there."""
    path = work_dir / _LOG
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    path.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= step), encoding="utf-8")
    if [*_commits(work_dir).values()][-1:] != [commit]:
        log(work_dir, {"step": step, "commit": commit})


def trained_at(work_dir: Path) -> str:
    """Return the commits of the code that a training ran with, and from which step on, as Markdown."""
    first, *later = _commits(work_dir).items()
    return f"at commit `{first[1]}`" + "".join(f", from step {step:,} on at `{commit}`" for step, commit in later)


def _commits(work_dir: Path) -> dict[int, str]:
    lines = map(json.loads, (work_dir / _LOG).read_text(encoding="utf-8").splitlines())
    return {line["step"]: line["commit"] for line in lines if "commit" in line}
