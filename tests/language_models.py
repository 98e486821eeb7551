"""Language models for tests."""

from __future__ import annotations

from elman.nn.compiled.language_model import CompiledLanguageModel
from elman.nn.compiled.predictor import NetworkPredictor
from elman.nn.native_step import trained_network


def compiled(network, mixture=None, *, int8=False):
    """What predicts with a torch network."""
    return CompiledLanguageModel(trained_network(network, int8=int8), network.config, mixture)


def predictor_of(network, *, int8=False):
    """What scores texts with a torch network."""
    return NetworkPredictor(compiled(network, int8=int8))
