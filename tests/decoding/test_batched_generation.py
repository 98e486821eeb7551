"""Texts written side by side are what each would be alone."""

from __future__ import annotations

from elman.decoding.batched_generation import BatchedGenerator
from elman.decoding.sampling import Sampling

ASKED = [("the", 9, 1), ("a b", 30, 2), ("", 4, 3), ("the cat", 50, 4), ("x", 1, 5)]


def begin(together, prompt, length, seed):
    sampling = Sampling(temperature=0.6, top_k=8)
    return together.begin(prompt, length=length, sampling=sampling, stop=["\n\n"], seed=seed)


def alone(model, prompt, length, seed):
    settings = {"temperature": 0.6, "top_k": 8, "stop": "\n\n"}
    return "".join(model.generate(prompt, length=length, seed=seed, **settings))


def test_each_is_what_it_is_alone_whenever_it_joins(model):
    together: BatchedGenerator = model.together()
    texts, asked = {}, {}
    waiting = list(ASKED)
    rounds = 0
    while waiting or together.busy:
        if waiting and rounds % 3 == 0:
            one = waiting.pop(0)
            begun = begin(together, *one)
            texts[begun], asked[begun] = "", one
        for continuation, text, _ in together.round():
            texts[continuation] += text
        rounds += 1
    assert not together.busy
    assert len(texts) == len(ASKED)
    for continuation, text in texts.items():
        assert text == alone(model, *asked[continuation])


def test_who_leaves_is_not_written_for_and_the_others_go_on(characters):
    together = characters.together()
    gone, stays = begin(together, *ASKED[3]), begin(together, *ASKED[1])
    written = ""
    for number in range(40):
        if number == 5:
            gone.left = 0
        result = {continuation: text for continuation, text, _ in together.round()}
        assert (gone in result) == (number < 5)
        written += result.get(stays, "")
    assert written == alone(characters, *ASKED[1])
    assert not together.busy
