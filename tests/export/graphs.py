"""Graphs of small models, and what a program does that has only the file."""

from __future__ import annotations

import json

import torch

from elman.export import write_onnx
from elman.export.onnx.parity import onnx_session


def stirred(model, seed=0):
    """The model with weights that are livelier than those of a few steps of training."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.network_.named_parameters():
            if weight.requires_grad:
                weight.add_(0.2 * torch.randn_like(weight))
            if "h2h.weight" in name:
                weight.mul_(0.4)  # or nothing would bound a network with ReLU
    return model


def written(model, folder):
    """The graph's bytes."""
    model.save(folder / "model.st")
    comparison = write_onnx(folder / "model.st", folder / "model.onnx")
    assert comparison["compared"] == 4
    assert comparison["largest_difference"] > 0  # other sums than torch's
    return (folder / "model.onnx").read_bytes()


def opened(model, folder):
    """A session, and what the file's metadata say."""
    session = onnx_session(written(model, folder))
    return session, json.loads(session.get_modelmeta().custom_metadata_map["elman"])
