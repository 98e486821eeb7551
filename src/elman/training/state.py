"""A run: everything that a step changes, and that going on exactly must bring back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import increment_version

from elman.training.eval_mode import seeded
from elman.training.objective import Objective
from elman.training.plan import Plan

MOMENTS = ("exp_avg", "exp_avg_sq", "step")

AVERAGED_EVERY = 10  # steps: the weights of neighbours hardly differ


class TrainState:
    """Weights, optimiser, carried state, best weights so far, and where it stands.

    Nothing random is kept: each step draws from a generator seeded by the run's seed and the
    step's number.
    """

    def __init__(self, objective: Objective, plan: Plan) -> None:
        self.objective = objective
        self.plan = plan
        self.parameters = dict(objective.network.named_parameters())  # a tied matrix stands once
        self.optimiser = _optimiser(objective.network, plan)
        self.average: dict[str, Tensor] = {}
        if plan.averaged:
            self.average = {name: p.detach().clone() for name, p in self.parameters.items()}
        self.best: dict[str, Tensor] = {}
        self.best_loss = math.inf
        self.best_step = 0
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0
        self.scale = 1.0  # of the learning rate, halved at every step back
        self.next_look = 0.0

    @property
    def learning_rate(self) -> float:
        """Of the last step."""
        rate: float = self.optimiser.param_groups[0]["lr"]
        return rate

    @property
    def done(self) -> float:
        return self.plan.done(self.step, self.seconds)

    def take_step(self) -> tuple[float, int]:
        """One step of AdamW; the loss, NaN where it or its gradient is not a number."""
        rate = self.plan.rate(self.done) * self.scale
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with seeded(_seed(self.plan.seed, self.step)):
            loss, tokens = self.objective.loss(self.step)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), self.plan.clip)
        value = loss.item()
        if not math.isfinite(value) or not math.isfinite(norm.item()):
            return math.nan, tokens
        self.optimiser.step()
        # A fused one tells nobody that it changed them, and pictures of them may have been made.
        increment_version(list(self.parameters.values()))
        self.step += 1
        if self.average and self.step % AVERAGED_EVERY == 0:
            self._keep_average()
        return value, tokens

    def _keep_average(self) -> None:
        """An average in which the weights of s steps ago count about
        (1 - s / steps so far)^(1 / share - 1); with a share of 1 it is the plain mean, the first
        weights among them (the polynomial-decay averaging of O. Shamir, T. Zhang, 'Stochastic
        Gradient Descent for Non-smooth Optimization', 2013)."""
        weight = 1 / (1 + self.plan.averaged * self.step / AVERAGED_EVERY)
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.average.values()), list(self.parameters.values()), weight
            )

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Within it the network has the weights that it would answer with: their average, where
        one is kept."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for name, average in self.average.items():
            parameter = self.parameters[name]
            self.average[name], parameter.data = parameter.data, average

    def keep_if_best(self, loss: float) -> bool:
        """Remember the network's weights where no earlier ones had a smaller validation loss.

        A loss that is not a number, or infinite, is never the best: it could not be improved on.
        """
        better = loss < self.best_loss
        if better:
            self.best = {name: p.detach().clone() for name, p in self.parameters.items()}
            self.best_loss, self.best_step = loss, self.step
        return better

    def adopt_best(self) -> None:
        with torch.no_grad():
            for name, tensor in self.best.items():
                self.parameters[name].copy_(tensor)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the run, by a name of its own."""
        found = {f"best.{name}": tensor for name, tensor in self.best.items()}
        for name, parameter in self.parameters.items():
            found[f"weight.{name}"] = parameter.detach()
            state = self.optimiser.state.get(parameter) or _no_moments(parameter)
            found |= {f"{moment}.{name}": state[moment] for moment in MOMENTS}
        found |= {f"average.{name}": tensor for name, tensor in self.average.items()}
        found |= {f"carried.{i}": part for i, part in enumerate(self.objective.carried())}
        return found

    def numbers(self) -> dict[str, Any]:
        """Every number of the run, as JSON can hold it (no infinity: no best means none yet)."""
        return {
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "scale": self.scale,
            "next_look": self.next_look,
            "best_step": self.best_step,
            "best_loss": self.best_loss if self.best else None,
        }

    def restore(self, numbers: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Stand where `numbers` and `tensors` were taken."""
        self.step, self.tokens = numbers["step"], numbers["tokens"]
        self.seconds, self.scale = numbers["seconds"], numbers["scale"]
        self.next_look, self.best_step = numbers["next_look"], numbers["best_step"]
        best_loss = numbers["best_loss"]
        self.best_loss = math.inf if best_loss is None else best_loss
        self.best = {}
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(tensors[f"weight.{name}"])
                state = {moment: tensors[f"{moment}.{name}"].clone() for moment in MOMENTS}
                self.optimiser.state[parameter] = state
                if best_loss is not None:
                    self.best[name] = tensors[f"best.{name}"].clone()
                if self.average:
                    self.average[name].copy_(tensors[f"average.{name}"])
        count = sum(name.startswith("carried.") for name in tensors)
        self.objective.carry(iter([tensors[f"carried.{i}"] for i in range(count)]))


def _seed(seed: int, step: int) -> int:
    """32 bits of both: torch's generator on a CPU looks at no more, so a shift would lose one."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


def _no_moments(parameter: Tensor) -> dict[str, Tensor]:
    """AdamW's state before its first step."""
    nothing = torch.zeros_like(parameter)
    return {"exp_avg": nothing, "exp_avg_sq": nothing, "step": torch.zeros(())}


def _optimiser(network: nn.Module, plan: Plan) -> torch.optim.AdamW:
    """AdamW (I. Loshchilov, F. Hutter, 2019); the matrices of products are decayed, a tied one
    among them, and nothing else."""
    linear = {id(m.weight) for m in network.modules() if isinstance(m, nn.Linear)}
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for parameter in network.parameters():
        (matrices if id(parameter) in linear else others).append(parameter)
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": plan.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=plan.learning_rate, betas=(0.9, 0.99), fused=True)
