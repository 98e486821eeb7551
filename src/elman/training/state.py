"""The state of a training: all that a step changes, and that an exact resume restores."""

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

AVERAGING_INTERVAL = 10  # steps; the weights of adjacent steps hardly differ


class TrainState:
    """Weights, optimiser, carried state, best weights so far, counters.

    There is no random state: each step seeds its generator with the plan's seed and its number.

    Args:
        objective: with the network to be trained.
        plan: the budget and the settings of the optimiser.
    """

    def __init__(self, objective: Objective, plan: Plan) -> None:
        self.objective = objective
        self.plan = plan
        self.parameters = dict(objective.network.named_parameters())  # a tied matrix occurs once
        self.optimiser = _optimiser(objective.network, plan)
        self.average: dict[str, Tensor] = {}
        if plan.ema_decay:
            self.average = {name: p.detach().clone() for name, p in self.parameters.items()}
        self.best: dict[str, Tensor] = {}
        self.best_loss = math.inf
        self.best_step = 0
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0
        self.scale = 1.0  # of the learning rate, halved at every rollback
        self.next_validation = 0.0

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last step."""
        rate: float = self.optimiser.param_groups[0]["lr"]
        return rate

    @property
    def done(self) -> float:
        """The fraction of the budget that is spent, 0 to 1."""
        return self.plan.done(self.step, self.seconds)

    def take_step(self) -> tuple[float, int]:
        """One step of AdamW: its loss and its number of tokens.

        The loss is NaN, and the weights stay, where the loss or its gradient is not finite.
        """
        rate = self.plan.rate(self.done) * self.scale
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with seeded(_seed(self.plan.seed, self.step)):
            loss, tokens = self.objective.loss(self.step)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), self.plan.max_grad_norm)
        value = loss.item()
        if not math.isfinite(value) or not math.isfinite(norm.item()):
            return math.nan, tokens
        self.optimiser.step()
        # Fused optimizers do not bump tensor versions: invalidate cached weights.
        increment_version(list(self.parameters.values()))
        self.step += 1
        if self.average and self.step % AVERAGING_INTERVAL == 0:
            self._update_average()
        return value, tokens

    def _update_average(self) -> None:
        """Polynomial-decay averaging (O. Shamir, T. Zhang, 'Stochastic Gradient Descent for
        Non-smooth Optimization', 2013): the weights of s steps ago count about
        (1 - s / steps so far)^(1 / ema_decay - 1); with an ema_decay of 1 it is the plain mean."""
        weight = 1 / (1 + self.plan.ema_decay * self.step / AVERAGING_INTERVAL)
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.average.values()), list(self.parameters.values()), weight
            )

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """A context in which the network has the averaged weights, if the plan averages."""
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
        """Copy the network's weights if their validation loss is the smallest so far.

        Returns:
            Whether it is. A loss that is NaN or infinite never is.
        """
        better = loss < self.best_loss
        if better:
            self.best = {name: p.detach().clone() for name, p in self.parameters.items()}
            self.best_loss, self.best_step = loss, self.step
        return better

    def load_best(self) -> None:
        """Give the network the best weights so far, if any."""
        with torch.no_grad():
            for name, tensor in self.best.items():
                self.parameters[name].copy_(tensor)

    def tensors(self) -> dict[str, Tensor]:
        """All tensors of the run, by unique names."""
        tensors = {f"best.{name}": tensor for name, tensor in self.best.items()}
        for name, parameter in self.parameters.items():
            tensors[f"weight.{name}"] = parameter.detach()
            state = self.optimiser.state.get(parameter) or _no_moments(parameter)
            tensors |= {f"{moment}.{name}": state[moment] for moment in MOMENTS}
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.items()}
        tensors |= {f"carried.{i}": part for i, part in enumerate(self.objective.state_tensors())}
        return tensors

    def numbers(self) -> dict[str, Any]:
        """All counters of the run, for JSON: without a best loss yet it is None, not infinity."""
        return {
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "scale": self.scale,
            "next_validation": self.next_validation,
            "best_step": self.best_step,
            "best_loss": self.best_loss if self.best else None,
        }

    def restore(self, numbers: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Restore what `numbers` and `tensors` returned."""
        self.step, self.tokens = numbers["step"], numbers["tokens"]
        self.seconds, self.scale = numbers["seconds"], numbers["scale"]
        self.next_validation, self.best_step = numbers["next_validation"], numbers["best_step"]
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
        self.objective.load_state_tensors(iter([tensors[f"carried.{i}"] for i in range(count)]))


def _seed(seed: int, step: int) -> int:
    """A 32-bit hash of both: torch's CPU generator uses 32 bits, so a shift would lose one."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


def _no_moments(parameter: Tensor) -> dict[str, Tensor]:
    """AdamW's state before its first step."""
    zeros = torch.zeros_like(parameter)
    return {"exp_avg": zeros, "exp_avg_sq": zeros, "step": torch.zeros(())}


def _optimiser(network: nn.Module, plan: Plan) -> torch.optim.AdamW:
    """AdamW (I. Loshchilov, F. Hutter, 2019); only the weights of linear layers are decayed, tied
    ones too."""
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
