"""A language model with counts answers in the browser with both parts, as it does here."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch

import elman
from elman.export.web import cell_program
from elman.text.tokenizers.tokenizer import BOUNDARY
from model_files import altered, setting

LOG_P = """
    let state = model.network.initialState(), rows = [];
    for (const token of given) {
      const [logP, after] = model.network.step(token, state);
      rows.push(Array.from(logP)); state = after;
    }
    return rows;
"""
GENERATE = """
    const random = randomNumbers(given.seed);
    return [...model.generate(given.prompt, { ...given.how, random })].join("");
"""
SUGGEST = "return given.map((text) => model.suggest(text, 5));"
OPEN = """
    return (async () => {
      const response = await fetch(`data:application/octet-stream;base64,${given.file}`);
      try { await loadModel(await response.arrayBuffer(), given.cell); return "read"; }
      catch (error) { return `${error.constructor.name}: ${error.message}`; }
    })();
"""
TEXT = "The cat sat on the mat, so what?\nMy old friend xylophone didn't 漢字 - yes!\n"


@pytest.fixture(scope="module", params=["character", "word", "subword"])
def counted(request, tale):
    settings = {"hidden_size": 16, "layers": 1, "steps": 60, "learning_rate": 1e-2}
    return elman.LanguageModel(tokenizer=request.param, counts="on", **settings).fit(tale)


def log_probabilities(model):
    tokens = [BOUNDARY, *model.tokenizer_.encode(TEXT).tolist()]
    ids = np.array(tokens)
    with torch.inference_mode():
        network = model.network_
        logits, _ = network(torch.from_numpy(ids[None]), network.initial_state(1))
    return tokens, model.mixture_.mix(logits[0].numpy(), model.mixture_.counts.states(ids))


def agree(shown, model):
    tokens, expected = log_probabilities(model)
    result = np.array(shown(model, LOG_P, tokens))
    np.testing.assert_allclose(np.exp(result).sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(result, expected, atol=1e-4, rtol=0)


def test_each_step_has_the_probabilities_of_both(shown, counted):
    agree(shown, counted)


def test_a_file_of_8_bits(shown, counted, tmp_path):
    counted.save(tmp_path / "small", int8=True)
    agree(shown, elman.load(tmp_path / "small"))


@pytest.mark.parametrize("prompt", ["", "The cat", "the k", "Ω漢🙂 x"])
@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 0.8), (0.0, 1.0)])
def test_a_seed_writes_the_same_text(shown, counted, prompt, temperature, top_p):
    expected = counted.generate(prompt, length=60, temperature=temperature, top_p=top_p, seed=3)
    how = {"length": 60, "temperature": temperature, "topP": top_p}
    found = shown(counted, GENERATE, {"seed": 3, "prompt": prompt, "how": how})
    assert found == "".join(expected)


def test_suggestions(shown, counted):
    texts = ["", "The cat", "the c", "My old fr", "the king's well-", "a bird, ", "xyl"]
    for text, found in zip(texts, shown(counted, SUGGEST, texts), strict=True):
        expected = counted.suggest(text, 5)
        assert [each["word"] for each in found] == [each.word for each in expected], text
        shares = [each["probability"] for each in found]
        np.testing.assert_allclose(shares, [each.probability for each in expected], atol=1e-4)


def test_the_page_writes_and_suggests_with_both(visit, counted):
    page = visit(counted)
    page.fill("#text", "The cat sat on ")
    offered = page.locator("[aria-label=Suggestions] button").all_text_contents()
    assert offered == [each.word for each in counted.suggest("The cat sat on ", 3)]
    page.get_by_label("Seed").fill("7")
    page.get_by_label("Length in tokens").fill("30")
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("button", name="Continue from here").click()
    generated = counted.generate("The cat sat on ", length=30, temperature=0.8, top_p=0.95, seed=7)
    assert page.input_value("#text") == "The cat sat on " + "".join(generated)


def changing(name, change):
    return lambda _, tensors: change(tensors[f"counts.{name}"])


def without(name):
    return lambda _, tensors: tensors.pop(f"counts.{name}")


@pytest.mark.parametrize("counted", ["character"], indirect=True)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (setting("counts", value={}), "counts are malformed"),
        (setting("counts", value=None), "should not"),
        (setting("counts", "sizes", value=[]), "counts are malformed"),
        (setting("counts", "sizes", 0, value=10**12), "no tensor counts.tokens_2"),
        (setting("counts", "gate", "bias", value=[1.0]), "counts are malformed"),
        (setting("counts", "gate", "mass", value="1"), "counts are malformed"),
        (without("levels_2"), "no tensor counts.levels_2"),
        (changing("unigrams", lambda part: part.fill_(0)), "not probabilities"),
        (changing("unigrams", lambda part: part.fill_(float("nan"))), "not probabilities"),
        (changing("tokens_2", lambda part: part.fill_(-1)), "order 2 are malformed"),
        (changing("tokens_2", lambda part: part.fill_(2**14)), "order 2 are malformed"),
        (changing("tokens_3", lambda part: part.copy_(part.flip(0))), "order 3 are malformed"),
        (changing("followers_3", lambda part: part.add_(1)), "order 3 are malformed"),
    ],
)
def test_damaged_counts_are_refused(run, counted, tmp_path, change, message):
    counted.save(tmp_path / "m")
    (tmp_path / "damaged").mkdir()
    file = altered(tmp_path / "m", tmp_path / "damaged", change).read_bytes()
    given = {"file": base64.b64encode(file).decode(), "cell": cell_program(counted)}
    result = run("model.js", OPEN, given)
    assert result.startswith("ModelFileError: ")
    assert message in result
