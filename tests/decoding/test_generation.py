"""Writing: the same text whatever holds it back, stop texts never shown, prompts of any kind."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from elman.decoding.generation import generate_text
from elman.decoding.prompts import split_prefix
from elman.decoding.sampling import Sampling
from elman.errors import SettingError
from elman.nn.compiled.network import StepStream
from elman.nn.config import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.text.tokenizers.characters import Characters
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.text.tokenizers.words import Words
from language_models import compiled

HOT = {"temperature": 1.5}


def text_of(pieces):
    return "".join(pieces)


class Scripted:
    """A network that writes one script, whatever is drawn from it: row by row if several. The state
    is how many tokens of the script have been given out."""

    def __init__(self, size, *scripts):
        self.size, self.scripts = size, scripts

    def initial_state(self, rows):
        return (np.full((rows, 1), -1),)

    def read(self, rows, state):
        return self.step(np.array([tokens[-1] for tokens in rows]), state)

    def step(self, tokens, state):
        logits = np.full((len(tokens), self.size), -1e4, dtype=np.float32)
        position = int(state[0][0, 0]) + 1
        for row in range(len(tokens)):
            script = self.scripts[row % len(self.scripts)]
            logits[row, script[min(position, len(script) - 1)]] = 0
        return logits, (state[0] + 1,)

    def stream(self, state):
        return StepStream(self, state)


def written(tokenizer, script, *, prompt=(), length=None, **choice):
    """All pieces of a script of tokens, as a model would give them."""
    network = Scripted(tokenizer.size, script)
    start = np.array([BOUNDARY, *prompt])
    length = len(script) if length is None else length
    rows = generate_text(
        network, tokenizer, start, length=length, sampling=Sampling(), seed=0, **choice
    )
    return [pieces[0] for pieces in rows]


# Seeds and lengths


def test_the_same_seed_gives_the_same_text(model):
    first = text_of(model.generate("The ", length=60, seed=7, **HOT))
    assert first
    assert first == text_of(model.generate("The ", length=60, seed=7, **HOT))
    assert first != text_of(model.generate("The ", length=60, seed=8, **HOT))


def test_without_a_seed_every_text_is_another(model):
    texts = {text_of(model.generate("The ", length=60, **HOT)) for _ in range(4)}
    assert len(texts) == 4


def test_the_seed_of_a_text_leaves_the_seed_of_everything_else_alone(model):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    text_of(model.generate("The ", length=5, seed=1))
    assert torch.equal(torch.rand(4), expected)


def test_length_counts_tokens():
    tokenizer = Words(["Hi", ",", "you", "\n"])
    script = tokenizer.encode("Hi, you\nHi, you\n").tolist()
    assert text_of(written(tokenizer, script)) == "Hi, you\nHi, you\n"
    assert text_of(written(tokenizer, script, length=3)) == "Hi, you"
    assert text_of(written(tokenizer, script, length=4)) == "Hi, you\n"


def test_a_boundary_ends_the_text():
    tokenizer = Characters("abc")
    a, b, c = tokenizer.encode("abc").tolist()
    assert text_of(written(tokenizer, [a, b, BOUNDARY, c])) == "ab"
    assert text_of(written(tokenizer, [BOUNDARY, c])) == ""


def test_greedy_writing_takes_the_likeliest_at_every_step(model):
    """Against steps by hand, each the argmax of the outlook."""
    text, state = "The dog", model.start()
    outlook, state = model.step(text, state)
    tokens = []
    for _ in range(25):
        tokens.append(int(outlook.log_probabilities.argmax()))
        if tokens[-1] == BOUNDARY:
            break
        logits, state = model.predicting.step(np.array(tokens[-1:]), state)
        outlook.log_probabilities[:] = logits[0]
    whole = model.tokenizer_.decode([*model.tokenizer_.encode(text).tolist(), *tokens])
    assert text + text_of(model.generate(text, length=25, temperature=0)) == whole


# Stop texts


def cut(text, stops):
    """The text before the stop text that is complete first, the longest of those."""
    ends = [(text.find(stop) + len(stop), text.find(stop)) for stop in stops if stop in text]
    return text[: min(ends)[1]] if ends else text


@settings(max_examples=120, deadline=None)
@given(
    pieces=st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=8),
    stops=st.lists(st.text("ab", max_size=4), max_size=3),
)
@example(pieces=["ab", "ab", "b"], stops=["abb"])
@example(pieces=["aaab"], stops=["aaab", "aa"])
@example(pieces=["a", "b"], stops=["ab"])
@example(pieces=["ab", "a"], stops=["", "bb"])
def test_stop_texts_are_never_shown_and_what_stands_before_them_is(pieces, stops):
    tokenizer = Pieces(sorted(set(pieces)))
    script = [tokenizer.token(piece) for piece in pieces]
    given_out = written(tokenizer, script, stop=stops)
    stops = [stop for stop in stops if stop]
    assert text_of(given_out) == cut("".join(pieces), stops)
    # And it comes as soon as it is sure: all but what may still turn out to begin a stop text.
    for count in range(1, len(pieces) + 1):
        so_far = "".join(pieces[:count])
        sure = cut(so_far, stops)
        if sure == so_far:
            beginnings = {stop[:n] for stop in stops for n in range(1, len(stop))}
            sure = so_far[
                : len(so_far) - max(map(len, filter(so_far.endswith, beginnings)), default=0)
            ]
        assert text_of(given_out[:count]) == sure
        if cut(so_far, stops) != so_far:
            break


class Pieces:
    """A tokenizer of any pieces at all, so that stop texts can lie across them."""

    def __init__(self, pieces):
        self.pieces = ["", *pieces]
        self.size = len(self.pieces)

    def token(self, piece):
        return self.pieces.index(piece)

    def decoder(self):
        return self

    def feed(self, token):
        return self.pieces[token]

    def finish(self):
        return ""


def test_only_what_may_begin_a_stop_text_is_held_back():
    tokenizer = Pieces(["xe", "n", "d", "!"])
    xe, n, d, wow = range(1, 5)
    assert written(tokenizer, [xe, n, wow], stop=["end"]) == ["x", "", "en!", ""]
    assert written(tokenizer, [xe, n, d, wow], stop=["end"]) == ["x", "", "", ""]
    assert written(tokenizer, [xe, n], stop=["end"]) == ["x", "", "en"]


def test_a_stop_text_at_the_very_start_leaves_nothing(model):
    whole = text_of(model.generate("The dog", length=30, seed=2))
    assert list(model.generate("The dog", length=30, seed=2, stop=[whole[:3]])) == []


@pytest.mark.parametrize("stops", [["\n"], ["at", "the", "\n"], ["t", "th", "the o"], ["zzz"]])
def test_a_text_with_stops_is_the_same_text_cut(model, stops):
    whole = text_of(model.generate("A bird", length=80, seed=3))
    assert text_of(model.generate("A bird", length=80, seed=3, stop=stops)) == cut(whole, stops)


def test_one_stop_text_need_not_be_in_a_list(model):
    whole = text_of(model.generate("A bird", length=80, seed=3))
    assert "old" in whole or "the" in whole
    stop = "old" if "old" in whole else "the"
    assert text_of(model.generate("A bird", length=80, seed=3, stop=stop)) == cut(whole, [stop])


# Several at once


def test_many_are_several_texts_and_one_is_the_one(model):
    alone = text_of(model.generate("The ", length=40, seed=4, **HOT))
    assert model.generate_many("The ", samples=1, length=40, seed=4, **HOT) == [alone]
    many = model.generate_many("The ", samples=5, length=40, seed=4, **HOT)
    assert len(set(many)) == 5
    assert many == model.generate_many("The ", samples=5, length=40, seed=4, **HOT)


def test_greedy_rows_equal_one_alone(model):
    alone = text_of(model.generate("My old ", length=40, temperature=0))
    assert model.generate_many("My old ", samples=4, length=40, temperature=0) == [alone] * 4


def test_a_row_that_ends_leaves_the_others_as_they_were(model):
    whole = model.generate_many("The ", samples=6, length=40, seed=4, **HOT)
    stops = ["o", "\n"]
    stopped = model.generate_many("The ", samples=6, length=40, seed=4, stop=stops, **HOT)
    assert stopped == [cut(text, stops) for text in whole]
    assert len({len(text) for text in stopped}) > 1


def test_a_row_that_reaches_its_boundary_first_waits_for_the_rest():
    tokenizer = Characters("abc")
    a, b, c = tokenizer.encode("abc").tolist()
    network = Scripted(tokenizer.size, [a, BOUNDARY, b, b], [a, b, c, BOUNDARY])
    rows = generate_text(
        network, tokenizer, np.array([BOUNDARY]), length=9, sampling=Sampling(), seed=0, rows=2
    )
    # The prompt is read in one row, so both begin as the first does.
    assert [text_of(row) for row in zip(*rows, strict=True)] == ["a", "abc"]


# Characters of several bytes


def test_characters_of_several_bytes_come_out_whole():
    tokenizer = Characters("a")
    text = "é漢😀a"
    pieces = written(tokenizer, tokenizer.encode(text).tolist())
    assert [piece for piece in pieces if piece] == list(text)


@pytest.mark.parametrize("kept", range(1, 10))
def test_a_character_cut_by_the_length_is_left_out(kept):
    tokenizer = Characters("a")
    script = tokenizer.encode("é漢😀").tolist()
    assert len(script) == 9
    expected = bytes(token - 1 for token in script[:kept]).decode("utf-8", "ignore")
    assert text_of(written(tokenizer, script, length=kept)) == expected


def test_bytes_that_are_no_text_are_shown_as_such():
    tokenizer = Characters("a")
    assert (
        text_of(written(tokenizer, [1 + 0xC3, tokenizer.encode("a")[0]]))
        == "\N{REPLACEMENT CHARACTER}a"
    )


# Prompts

ANYTHING = st.text(
    st.one_of(st.characters(codec=None), st.sampled_from("ab '\"\n\t\0\u200d😀ß漢é\u0301")),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(prompt=ANYTHING)
@example(prompt="")
@example(prompt=" ")
@example(prompt="\ud800")
@example(prompt="👩‍👩‍👧‍👦 ")
@example(prompt="\0\x1b[31m\r\n")
def test_no_prompt_fails(trained, prompt):
    for model in trained.values():
        for piece in model.generate(prompt, length=4, seed=0, repetition_penalty=1.2):
            piece.encode()


def test_nor_does_one_of_a_hundred_thousand_characters(trained, tale):
    prompt = (tale * 20)[:100_000]
    for model in trained.values():
        assert text_of(model.generate(prompt, length=3, seed=0, temperature=1))


def test_a_long_prompt_is_read_as_one_would_be_that_fits(model, tale):
    """Prompts are read in pieces; the state goes on from one to the next."""
    prompt = tale[:3000].rstrip()
    ids = torch.from_numpy(np.concatenate([[0], model.tokenizer_.encode(prompt)]).astype(np.int64))
    logits, _ = model.network_(ids[None], model.network_.initial_state(1))
    outlook, _ = model.step(prompt, model.start())
    expected = logits[0, -1].log_softmax(0).detach().numpy()
    np.testing.assert_allclose(outlook.log_probabilities, expected, atol=1e-4)


# Spaces between a prompt and what follows, above all for tokenizers that bring their own


def test_no_word_is_glued_to_the_prompt(words):
    for text in words.generate_many("The dog", samples=20, length=3, seed=1):
        assert not text[0].isalnum()
    for prompt in ("The dog ", "Once upon a ti ", "A bird looked at a house, "):
        texts = words.generate_many(prompt, samples=20, length=3, seed=1)
        assert all(not text[0].isspace() and text[0] not in ".,;?!)" for text in texts)


@pytest.mark.parametrize("tokenizer", ["word", "subword"])
def test_a_space_at_the_prompts_end_is_the_one_before_the_next_word(trained, tokenizer):
    """The same draws with and without it, where the network itself would have written it."""
    model = trained[tokenizer]
    without = model.generate_many("The dog", samples=30, length=6, seed=1, temperature=0.3)
    with_it = model.generate_many("The dog ", samples=30, length=6, seed=1, temperature=0.3)
    matching = [a == f" {b}" for a, b in zip(without, with_it, strict=True) if a.startswith(" ")]
    assert len(matching) > 20
    assert sum(matching) / len(matching) > 0.9
    greedy = text_of(model.generate("The dog", length=12, temperature=0))
    assert greedy.startswith(" ")
    assert text_of(model.generate("The dog ", length=12, temperature=0)) == greedy[1:]


@pytest.mark.parametrize("prompt", ["The dog", "The dog ", "The do", "(", 'He said "', "The dog  "])
def test_a_greedy_continuation_has_no_two_spaces_at_the_seam(model, prompt):
    text = text_of(model.generate(prompt, length=8, temperature=0))
    assert text.strip()
    assert "  " not in prompt[-1:] + text


@pytest.mark.parametrize(
    ("prompt", "end"),
    [
        ("The cat sat on the king's well-kept gar", "den"),
        ("The cat sat on the riv", "er"),
        ("The cat sat on the king's well-", "kept"),
        ("The cat didn'", "t"),
        ("漢字 für(riv", "er"),
    ],
)
def test_a_word_begun_is_written_to_its_end(words, prompt, end):
    for text in words.generate_many(prompt, samples=10, length=2, seed=1):
        assert text.startswith(end)
        assert not text[len(end) : len(end) + 1].isalnum()


@pytest.mark.parametrize("tokenizer", ["character", "subword"])
def test_so_do_the_smaller_tokenizers(trained, tokenizer):
    text = text_of(
        trained[tokenizer].generate("The cat walked to the riv", length=4, temperature=0)
    )
    assert text.startswith("er")


SHORT = Words(["the", "a", "garden", "garlic", "ok-ish", "(", ",", "\n"])


@pytest.mark.parametrize(
    "parts",  # what is read, and what is written again
    [
        "the|",
        "the| ",
        "the| gar",
        "the (|gar",
        "|gar",
        "\n  |",
        "( |",
        "the,| ",
        "a| ok-",
        "the garden|",  # whole
        "garden a|",  # a word
        "the zeb|",  # of no word known
        "漢gar|",  # no word would stand there without a space
        "|",
        " |",
    ],
)
def test_what_of_a_prompt_is_read_and_what_is_written_again(parts):
    context, prefix = parts.split("|")
    assert split_prefix(context + prefix, SHORT) == (context, prefix)


def test_of_several_spaces_at_the_end_one_is_written_again():
    assert split_prefix("the   ", SHORT) == ("the", " ")


@given(prompt=ANYTHING)
@settings(max_examples=100, deadline=None)
def test_a_prompt_falls_into_two_parts(trained, prompt):
    """Nothing is lost but spaces after the first of several."""
    for model in trained.values():
        context, prefix = split_prefix(prompt, model.tokenizer_)
        assert context + prefix in {prompt, prompt.rstrip(" ") + " "}


def test_a_lead_allows_only_what_begins_with_it():
    tokenizer = Words(["a", ",", "(", "b", "\n"])
    size = StackConfig(
        vocabulary=tokenizer.size, hidden_size=4, layers=1, components=(), cell="gru"
    )
    torch.manual_seed(0)
    network = compiled(LanguageModelNetwork(size).eval())
    prompt = np.array([BOUNDARY, *tokenizer.encode("a")])
    rows = generate_text(
        network, tokenizer, prompt, length=1, sampling=Sampling(), seed=1, rows=400, prefix=" "
    )
    first = {text_of(row) for row in zip(*rows, strict=True)}
    assert {"a", "(", "b"} <= first
    assert not first & {",", "\n"}
    for text in first:
        assert text == "" or unicodedata.category(text[0])[0] not in "Z"


# Refusals


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("length", {"length": 0}),
        ("length", {"length": 1.5}),
        ("temperature", {"temperature": -1}),
        ("top-p", {"top_p": 2}),
    ],
)
def test_a_setting_out_of_range_is_refused_at_once(words, name, choice):
    """When `generate` is called: not only when its first piece is asked for."""
    with pytest.raises(SettingError) as caught:
        words.generate("x", **choice)
    assert caught.value.location == name


def test_samples_below_one_are_refused(words):
    with pytest.raises(SettingError, match="samples"):
        words.generate_many("x", samples=0)
