"""A task that small classifiers learn in a few steps, and what their tests compare."""

from __future__ import annotations

import torch

import elman

SMALL = {"tokenizer": "word", "hidden_size": 8, "steps": 6, "counts": "off"}
TEXTS = ["warm and funny", "cold and dull", "so warm", "so dull", "neither, really"] * 12
LABELS = ["good", "bad", "good", "bad", "none"] * 12
LINES = ["a film that is warm and dull", "really cold, and so funny"] * 6


def small(**settings):
    return elman.Classifier(**{**SMALL, **settings})


def weights(model):
    return [part.detach().clone() for part in model.network_.parameters()]


def same_weights(left, right):
    left, right = weights(left), weights(right)
    if [part.shape for part in left] != [part.shape for part in right]:
        return False
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))
