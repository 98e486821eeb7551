"""Each model answers over HTTP as it does in Python."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from server_process import TEXTS, events

from elman.server.operations.operation import answer_each
from elman.training.precision import exact_products


@pytest.fixture(autouse=True)
def _exact():
    """The server's matrix products are exact, and so must be the expected ones."""
    with exact_products():
        yield


def test_predict_is_predict_proba(post, models):
    status, answer = post("/models/reviews/predict", {"texts": ["warm and dull", "so funny"]})
    assert status == 200
    model = models["reviews"]
    for result, row in zip(
        answer["predictions"], model.predict_proba(["warm and dull", "so funny"]), strict=True
    ):
        expected = dict(zip(model.classes_.tolist(), row.tolist(), strict=True))
        assert {each["label"]: each["probability"] for each in result["classes"]} == pytest.approx(
            expected, abs=1e-6
        )
        probabilities = [each["probability"] for each in result["classes"]]
        assert probabilities == sorted(probabilities, reverse=True)


def test_batched_requests_get_their_own_answers(converse, models):
    async def conversation(client):
        requests = [
            client.post("/models/reviews/predict", json={"texts": [text, "cold"]})
            for text in TEXTS * 8
        ]
        return await asyncio.gather(*requests)

    model = models["reviews"]
    good = model.classes_.tolist().index("good")
    expected = dict(zip(TEXTS, model.predict_proba(TEXTS)[:, good].tolist(), strict=True))
    for text, answer in zip(TEXTS * 8, converse(conversation), strict=True):
        classes = answer.json()["predictions"][0]["classes"]
        result = {each["label"]: each["probability"] for each in classes}["good"]
        assert result == pytest.approx(expected[text], abs=1e-5)


def test_an_invalid_request_fails_alone_in_its_batch(converse):
    async def conversation(client):
        texts = ["ab", "ab", "ab", "ab"]
        beams = [1, 2, 1, 1]
        counts = [1, 1, 5, 1]  # one is more than its beam
        requests = [
            client.post("/models/capitals/translate", json={"texts": [t], "beam": b, "count": c})
            for t, b, c in zip(texts, beams, counts, strict=True)
        ]
        return [each.status_code for each in await asyncio.gather(*requests)]

    statuses = converse(conversation)
    assert statuses[0] == statuses[1] == statuses[3] == 200
    assert statuses[2] in {200, 422}


def test_tag_is_predict(post, models):
    sentences = [["warm", "and", "funny"], [], ["so", "dull"]]
    status, answer = post("/models/tags/tag", {"sentences": sentences})
    assert status == 200
    assert [each["tags"] for each in answer["sentences"]] == models["tags"].predict(sentences)
    assert [each["words"] for each in answer["sentences"]] == sentences


def test_translate_is_predict_best_with_attention_if_requested(post, models):
    body = {"texts": ["abba", " "], "beam": 3, "count": 2, "attention": True}
    status, answer = post("/models/capitals/translate", body)
    assert status == 200
    best = models["capitals"].predict_best(["abba", " "], 2, beam=3, attention=True)
    assert [[each["text"] for each in one] for one in answer["hypotheses"]] == [
        [each.text for each in one] for one in best
    ]
    first = answer["hypotheses"][0][0]
    assert np.allclose(first["attention"], best[0][0].attention, atol=1e-5)
    assert first["tokens"] == best[0][0].pieces
    assert first["token_probabilities"] == pytest.approx(best[0][0].probabilities, abs=1e-5)
    assert first["source_tokens"] == best[0][0].source
    assert answer["hypotheses"][1] == []
    _, without = post("/models/capitals/translate", {"texts": ["abba"]})
    assert without["hypotheses"][0][0]["attention"] is None


def test_describe_is_predict(post, models):
    vectors = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    status, answer = post("/models/winds/describe", {"vectors": vectors})
    assert status == 200
    expected = models["winds"].predict(np.array(vectors))
    assert [each[0]["text"] for each in answer["hypotheses"]] == expected


def test_forecast_is_predict(post, models):
    expected = models["sold"].predict()
    status, answer = post("/models/sold/forecast", {})
    assert status == 200
    assert np.allclose(answer["median"], expected.median)
    assert np.allclose(answer["high_95"], expected.high_95)
    history = [[float(step)] for step in range(100)]
    _, answer = post("/models/sold/forecast", {"horizon": 2, "history": history})
    expected = models["sold"].predict(2, np.array(history))
    assert np.allclose(answer["median"], expected.median)


def test_suggest_is_suggest(post, models):
    for name in ("tale", "mail"):
        status, answer = post(f"/models/{name}/suggest", {"text": "the c", "count": 2})
        assert status == 200
        expected = models[name].suggest("the c", 2)
        assert [each["word"] for each in answer["suggestions"]] == [each.word for each in expected]


@pytest.mark.parametrize("name", ["tale", "mail", "lstm"])
def test_generated_text_is_that_of_generate(converse, models, name):
    body = {"prompt": "the c", "length": 60, "seed": 3, "temperature": 0.7, "top_k": 9}

    async def conversation(client):
        others = [
            client.post(f"/models/{name}/generate", json={"prompt": p, "length": n})
            for p, n in (("a", 5), ("the dog", 90), ("", 30))
        ]
        mine = client.post(f"/models/{name}/generate", json=body)
        return (await asyncio.gather(*others, mine))[-1].text

    result = events(converse(conversation))
    assert result[-1] == ("end", {})
    written = "".join(data["text"] for kind, data in result[:-1] if kind == "message")
    assert written == "".join(models[name].generate(**body))


def test_a_stop_text_ends_generation(converse, models):
    body = {"prompt": "the", "length": 200, "seed": 1, "stop": ["a"]}

    async def conversation(client):
        return (await client.post("/models/tale/generate", json=body)).text

    *pieces, last = events(converse(conversation))
    written = "".join(data["text"] for _, data in pieces)
    assert last == ("end", {})
    assert written == "".join(models["tale"].generate(**body))
    assert "a" not in written


def test_models_are_described(converse, loaded):
    async def conversation(client):
        return (await client.get("/models")).json(), (await client.get("/models/reviews")).json()

    listed, reviews = converse(conversation)
    assert [each["name"] for each in listed["models"]] == [each.name for each in loaded]
    assert reviews["task"] == "classify"
    assert reviews["labels"] == ["bad", "good"]
    assert reviews["hash"] == next(e for e in loaded if e.name == "reviews").sha256.hex()
    assert reviews in listed["models"]
    operations = {each["name"]: each["operations"] for each in listed["models"]}
    assert "sessions" in operations["reviews"]
    assert "sessions" not in operations["both"]  # it predicts nothing before the end


def test_operations_that_a_model_lacks_are_not_found(post):
    status, answer = post("/models/tale/predict", {"texts": ["a"]})
    assert status == 404
    assert "generate" in answer["error"]["hint"]
    status, answer = post("/models/nobody/predict", {"texts": ["a"]})
    assert status == 404
    assert "reviews" in answer["error"]["hint"]
    assert post("/models/both/sessions", {})[0] == 404


def test_the_server_reports_its_state(converse):
    async def conversation(client):
        await client.post("/models/reviews/predict", json={"texts": ["a"]})
        await client.get("/nowhere")
        paths = ("/health", "/ready", "/metrics", "/openapi.json")
        return [await client.get(path) for path in paths]

    health, ready, metrics, openapi = converse(conversation)
    assert health.json() == {"status": "ok"}
    assert ready.json() == {"status": "ready"}
    assert 'elman_requests_total{operation="predict",status="200"} 1.0' in metrics.text
    assert 'elman_requests_total{operation="other",status="404"} 1.0' in metrics.text
    paths = openapi.json()["paths"]
    assert "requestBody" in paths["/models/{name}/predict"]["post"]
    assert set(paths["/models/{name}/sessions/{session}"]) == {"get", "delete"}


@pytest.mark.parametrize("name", ["reviews", "tags", "capitals", "tale"])
def test_explain_is_the_trace(post, models, name):
    status, answer = post(f"/models/{name}/explain", {"text": "ab ba"})
    assert status == 200
    assert answer == json.loads(models[name].explain("ab ba").to_json())


def test_predictions_from_numbers_are_explained(post, models):
    names = {model.task: name for name, model in models.items()}
    describer, forecaster = names["describe"], names["forecast"]
    vector = [0.5] * models[describer].n_features_in_
    history = models[forecaster].last_ * 1.5
    series = models[forecaster].names_[-1]
    for name, body, trace in (
        (describer, {"vector": vector}, models[describer].explain(np.array(vector))),
        (forecaster, {}, models[forecaster].explain()),
        (
            forecaster,
            {"history": history.tolist(), "series": series},
            models[forecaster].explain(history, series=series),
        ),
    ):
        status, answer = post(f"/models/{name}/explain", body)
        assert status == 200
        assert answer == json.loads(trace.to_json())


@pytest.mark.parametrize(
    ("task", "body", "location"),
    [
        ("describe", {"text": "/etc/passwd"}, "text"),
        ("forecast", {"text": "/etc/passwd"}, "text"),
        ("describe", {}, "vector"),
        ("describe", {"vector": [1.0]}, None),
        ("describe", {"vector": [1e300] * 9}, "vector"),
        ("forecast", {"history": [[1.0], [2.0, 3.0]]}, "history"),
        ("forecast", {"series": "/etc/passwd"}, "series"),
        ("classify", {}, "text"),
        ("classify", {"vector": [1.0]}, "vector"),
    ],
)
def test_inputs_that_cannot_be_explained_are_located(post, models, task, body, location):
    name = next(name for name, model in models.items() if model.task == task)
    status, answer = post(f"/models/{name}/explain", body)
    assert status == 422
    assert location in (None, answer["error"]["location"])


def test_a_failed_request_does_not_repeat_the_others():
    calls = []

    def invert(number):
        calls.append(number)
        return 1 / number

    first, second, third = answer_each(invert, [1, 0, 2])
    assert (first, third, calls) == (1.0, 0.5, [1, 0, 2])
    assert isinstance(second, ZeroDivisionError)
