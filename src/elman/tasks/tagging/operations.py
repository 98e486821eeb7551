"""The tagger over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from elman.server.operations.operation import (
    EXPLAIN_TEXT,
    ModelOperations,
    Operation,
    run_grouped,
)
from elman.server.operations.schemas import MAX_TEXTS, ApiRequest, Text
from elman.tasks.tagging.model import Tagger

MAX_WORDS = 1_000  # of a sentence


class TagRequest(ApiRequest):
    """Sentences to tag, each a list of words."""

    sentences: Annotated[
        list[Annotated[list[Text], Field(max_length=MAX_WORDS)]],
        Field(min_length=1, max_length=MAX_TEXTS),
    ]


class SentenceTags(TypedDict):
    """A tag per word, and the probability of the whole tag sequence."""

    words: list[str]
    tags: list[str]
    probability: float


class TagResponse(TypedDict):
    sentences: list[SentenceTags]


def tag(model: Tagger, requests: Sequence[TagRequest]) -> list[TagResponse]:
    def tag_all(sentences: list[list[str]], _: TagRequest) -> list[SentenceTags]:
        best = (each[0] for each in model.predict_best(sentences, 1))
        return [
            {"words": words, "tags": tags, "probability": probability}
            for words, (tags, probability) in zip(sentences, best, strict=True)
        ]

    found = run_grouped(requests, lambda request: request.sentences, tag_all)
    return [{"sentences": each} for each in found]


OPERATIONS = ModelOperations(
    (
        Operation("tag", "Tag each word of each sentence.", TagRequest, TagResponse, tag),
        EXPLAIN_TEXT,
    )
)
