"""Small networks of random weights in float64, and their traces."""

from __future__ import annotations

import numpy as np
import torch

from elman.cells import CELLS
from elman.nn.blocks import COMPONENTS, StackConfig
from elman.nn.classifier import ClassifierNetwork
from elman.nn.crf import Transitions
from elman.nn.encoder import EncoderConfig, PaddedBatch
from elman.nn.forecaster import ForecasterConfig, ForecastNetwork
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.seq2seq import EncoderDecoder, Seq2SeqConfig
from elman.nn.tagger import TaggerNetwork
from elman.tasks.classification.explain import explain_classes
from elman.tasks.language_modeling.explain import explain_language
from elman.tasks.seq2seq.explain import explain_rewrite
from elman.tasks.tagging.explain import explain_tags
from elman.text.tokenizers.table import TOKENIZERS

TEXT = "abcad"
TOKENIZER = TOKENIZERS["character"].learn([TEXT])
IDS = TOKENIZER.encode(TEXT).astype(np.int64)
V = TOKENIZER.size
LABELS = ["x", "y", "z"]
EVERYTHING = [(cell, COMPONENTS) for cell in CELLS] + [(cell, ()) for cell in CELLS]


def architecture(cell="lstm", components=COMPONENTS, **settings):
    return StackConfig(
        V, cell, hidden_size=8, layers=2, components=components, dropout=0.5, **settings
    )


def seeded(make, *arguments):
    torch.manual_seed(0)
    network = make(*arguments).double()
    with torch.no_grad():
        for weight in network.parameters():  # what begins at zero or one says little
            if weight.requires_grad:
                weight.add_(0.1 * torch.randn_like(weight))
    return network


def language(*blocks):
    return seeded(LanguageModelNetwork, architecture(*blocks))


def classes(directions=1, *blocks):
    return seeded(ClassifierNetwork, EncoderConfig(architecture(*blocks), directions), 3, 0.5, 2)


def tags(*blocks):
    free = Transitions(*(torch.ones(size, dtype=torch.bool) for size in ((3,), (3, 3), (3,))))
    return seeded(TaggerNetwork, EncoderConfig(architecture(*blocks), 2), free, 0.5)


def rewriter(order="both", attention="dot", cell="gru"):
    rewriting = Seq2SeqConfig(architecture(cell), source=V, attention=attention, order=order)
    return seeded(EncoderDecoder, rewriting, 0.5)


def forecaster():
    """In float32, which its inputs are."""
    told = ForecasterConfig(3, 4, 12, 6, False, 2, "gru", 4, 1, 0.5)
    return seeded(ForecastNetwork, told).float()


def padded(ids=IDS):
    return PaddedBatch(torch.from_numpy(np.asarray(ids))[:, None], torch.tensor([len(ids)]))


def trace_of_language(network):
    return explain_language(network, TOKENIZER, TEXT)


def trace_of_classes(network, ids=IDS):
    return explain_classes(network, padded(ids), [str(i) for i in ids], "word", LABELS, 2.0)


def trace_of_tags(network, ids=IDS):
    words = [str(i) for i in ids]
    return explain_tags(network, padded(ids), words, LABELS[:2], np.array([0, 1, 1]))


def trace_of_rewrite(network, target=(259, 258, 257, 0), ids=IDS):
    words = [str(i) for i in ids]
    return explain_rewrite(network, ids, words, np.array(target), (TOKENIZER, TOKENIZER))
