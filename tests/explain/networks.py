"""Small networks with random weights in float64, and their traces."""

from __future__ import annotations

import numpy as np
import torch

from elman.cells import CELLS
from elman.nn.classifier import ClassifierNetwork
from elman.nn.config import COMPONENTS, EncoderConfig, ForecasterConfig, Seq2SeqConfig, StackConfig
from elman.nn.crf import Transitions
from elman.nn.encoder import PaddedBatch
from elman.nn.forecaster import ForecastNetwork
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.seq2seq import EncoderDecoder
from elman.nn.tagger import TaggerNetwork
from elman.tasks.classification.explain import explain_classes
from elman.tasks.language_modeling.explain import explain_language
from elman.tasks.seq2seq.explain import explain_translation
from elman.tasks.tagging.explain import explain_tags
from elman.text.tokenizers.table import TOKENIZERS

TEXT = "abcad"
TOKENIZER = TOKENIZERS["character"].learn([TEXT])
IDS = TOKENIZER.encode(TEXT).astype(np.int64)
V = TOKENIZER.size
LABELS = ["x", "y", "z"]
VARIANTS = [(cell, COMPONENTS) for cell in CELLS] + [(cell, ()) for cell in CELLS]


def stack(cell="lstm", components=COMPONENTS, **settings):
    return StackConfig(
        V, cell, hidden_size=8, layers=2, components=components, dropout=0.5, **settings
    )


def initialized(make, *arguments):
    torch.manual_seed(0)
    network = make(*arguments).double()
    with torch.no_grad():
        for weight in network.parameters():  # weights that begin at 0 or 1 would hide errors
            if weight.requires_grad:
                weight.add_(0.1 * torch.randn_like(weight))
    return network


def language(*blocks):
    return initialized(LanguageModelNetwork, stack(*blocks))


def classes(directions=1, *blocks):
    return initialized(ClassifierNetwork, EncoderConfig(stack(*blocks), directions), 3, 0.5, 2)


def tags(*blocks):
    free = Transitions(*(torch.ones(size, dtype=torch.bool) for size in ((3,), (3, 3), (3,))))
    return initialized(TaggerNetwork, EncoderConfig(stack(*blocks), 2), free, 0.5)


def translator(order="both", attention="dot", cell="gru"):
    config = Seq2SeqConfig(stack(cell), source=V, attention=attention, order=order)
    return initialized(EncoderDecoder, config, 0.5)


def forecaster():
    """In float32, like its inputs."""
    config = ForecasterConfig(3, 4, 12, 6, False, 2, "gru", 4, 1, 0.5)
    return initialized(ForecastNetwork, config).float()


def collate(ids=IDS):
    return PaddedBatch(torch.from_numpy(np.asarray(ids))[:, None], torch.tensor([len(ids)]))


def trace_of_language(network):
    return explain_language(network, None, TOKENIZER, TEXT)


def trace_of_classes(network, ids=IDS):
    return explain_classes(network, collate(ids), [str(i) for i in ids], "word", LABELS, 2.0)


def trace_of_tags(network, ids=IDS):
    words = [str(i) for i in ids]
    return explain_tags(network, collate(ids), words, LABELS[:2], np.array([0, 1, 1]))


def trace_of_translation(network, target=(259, 258, 257, 0), ids=IDS):
    words = [str(i) for i in ids]
    return explain_translation(network, ids, words, np.array(target), (TOKENIZER, TOKENIZER))
