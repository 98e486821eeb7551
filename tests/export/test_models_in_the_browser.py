"""Models answer in the browser as they do here, from the text that is typed to the one shown."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

import elman
from elman.export.web import cell_program
from elman.nn.classifier import ClassifierNetwork

GENERATE = """
    const random = randomNumbers(given.seed);
    return [...model.generate(given.prompt, { ...given.how, random })].join("");
"""
SUGGEST = "return given.map((text) => model.suggest(text, 5));"
ANSWER = """
    return given.map((text) => ({
      last: model.probabilities(text),
      running: model.running(text).map(({ probabilities }) => probabilities),
    }));
"""
PROMPTS = ["", "The cat", "the k", "The dog looked at ", "\n", "a bird, so what? - ", "Ω漢🙂 x"]
LABELS = ["good", "bad", "good", "bad", "none"] * 12
TEXTS = ["warm and funny", "cold and dull", "so warm", "so dull", "neither, really"] * 12
READ = ["warm", "a Film that is warm,  and dull", "", "İ 3.14² 漢字 — x" * 9, "so dull " * 300]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("how", [(1.0, 1.0), (0.7, 0.8), (0.0, 1.0)])
def test_a_seed_writes_the_same_text(shown, model, prompt, how):
    temperature, top_p = how
    expected = model.generate(
        prompt, length=60, temperature=temperature, top_p=top_p, seed=len(prompt)
    )
    how = {"length": 60, "temperature": temperature, "topP": top_p}
    given = {"seed": len(prompt), "prompt": prompt, "how": how}
    assert shown(model, GENERATE, given) == "".join(expected)


@pytest.mark.parametrize("taught", ["", "the pelican pelted the pelican"])
def test_suggestions(shown, model, taught):
    model = model.forget().learn(taught)
    texts = [*PROMPTS, "the c", "my old fr", "the king's well-", 'he "', "pel", "the pe"]
    texts += ["the CAT", "the kings", "it didn’", "it di\u0301dnt", "PEL", "the ΣΟΦΟΣ"]  # folded
    result = shown(model, SUGGEST, texts)
    for text, suggestions in zip(texts, result, strict=True):
        expected = model.suggest(text, 5)
        assert [each["word"] for each in suggestions] == [each.word for each in expected], text
        shares = [each["probability"] for each in suggestions]
        np.testing.assert_allclose(shares, [each.probability for each in expected], atol=1e-4)
    model.forget()


@pytest.mark.parametrize("unit", ["word", "character", "subword"])
@pytest.mark.parametrize("directions", [1, 2])
def test_classifiers(shown, unit, directions):
    settings = {"tokenizer": unit, "directions": directions, "hidden_size": 16, "steps": 8}
    model = elman.Classifier(**settings).fit(TEXTS, LABELS)
    result = shown(model, ANSWER, READ)
    expected = model.predict_proba(READ)
    assert expected.std(0).max() > 1e-3
    assert model.calibration_.counts_weight > 0
    np.testing.assert_allclose([each["last"] for each in result], expected, atol=1e-4)
    for each in result:
        if directions == 2 or unit != "word":
            assert each["running"] == []
        else:
            np.testing.assert_allclose(each["running"][-1], each["last"], atol=1e-12)


def test_the_running_answer(shown):
    model = elman.Classifier(tokenizer="word", hidden_size=16, steps=8).fit(TEXTS, LABELS)
    text = "a film that is warm, and dull"
    state, expected = model.start(), []
    for word in ["a", "film", "that", "is", "warm", ",", "and", "dull"]:
        answer, state = model.step(word, state)
        expected.append([*answer.values()])
    [result] = shown(model, ANSWER, [text])
    np.testing.assert_allclose(result["running"], expected, atol=1e-4)


def test_several_networks_that_answer_together_in_8_bits(shown):
    model = elman.Classifier(tokenizer="word", hidden_size=16, steps=8).fit(TEXTS, LABELS)
    model.network_ = ClassifierNetwork(model.network_.config, 3, 0.0, members=3).eval()
    model.calibration_ = model.calibration_._replace(temperature=0.2)
    model.to_int8()
    result = shown(model, ANSWER, READ)
    expected = model.predict_proba(READ)
    assert expected.std(0).max() > 1e-3
    np.testing.assert_allclose([each["last"] for each in result], expected, atol=1e-4)


def damaged(data):
    """Files that are no sound model, each with a word of the message."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])

    def written(change, rest=data[8 + size :]):
        entries = json.loads(json.dumps(header))
        change(entries)
        text = json.dumps(entries).encode()
        return len(text).to_bytes(8, "little") + text + rest

    name = next(name for name in header if name.endswith("h2h.weight") or "i2h.weight" in name)
    about = header["__metadata__"]["elman"]
    other = {"__metadata__": {"elman": about.replace('"schema": 2', '"schema": 3')}}
    unknown = {"__metadata__": {"elman": about.replace('"cell": "mingru"', '"cell": "toString"')}}
    yield b"", "header"
    yield data[: size // 2], "header"
    yield data[:-4], "longer or shorter"
    yield data + b"0000", "longer or shorter"
    yield (2**60).to_bytes(8, "little") + data[8:], "header"
    yield data[:8] + b"[" + data[9:], "JSON"
    yield written(lambda entries: entries.update(other)), "schema"
    yield written(lambda entries: entries.update(unknown)), "cell"
    yield written(lambda entries: entries.pop("__metadata__")), "Elman"
    yield written(lambda entries: entries[name].update(dtype="F64")), "size"
    yield written(lambda entries: entries[name].update(dtype="F16")), "malformed"
    yield written(lambda entries: entries[name].update(shape=[-1, -4])), "malformed"
    yield written(lambda entries: entries[name]["shape"].reverse()), "no tensor"
    yield written(lambda entries: entries[name].update(data_offsets=[0, 4])), "size"
    yield written(lambda entries: entries.update(more=entries.pop(name))), "no tensor"


def test_a_damaged_file_is_refused(run, characters, tmp_path):
    code = """
        return (async () => {
          const response = await fetch(`data:application/octet-stream;base64,${given.file}`);
          try { await loadModel(await response.arrayBuffer(), given.cell); return "read"; }
          catch (error) { return `${error.constructor.name}: ${error.message}`; }
        })();
    """
    characters.save(tmp_path / "model")
    whole = (tmp_path / "model").read_bytes()
    for content, message in [(whole, "read"), *damaged(whole)]:
        file = base64.b64encode(content).decode()
        result = run("model.js", code, {"file": file, "cell": cell_program(characters)})
        assert message in result, message
        assert result.startswith("ModelFileError: ") or content == whole
