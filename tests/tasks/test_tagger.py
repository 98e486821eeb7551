"""Tagger: sentences in every form, legal tags in their scheme, files that give the same bits."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest
import torch
from checks import OUT_OF_RANGE
from sklearn.base import clone

import elman
from elman.cells import CELLS
from elman.data.cache import Cache
from elman.data.example_cache import cached_examples
from elman.errors import InputError, NotFittedError, ResumeError, SettingError, UnseenLabelWarning
from elman.tasks.tagging import inputs as sentences_module
from elman.tasks.tagging.config import encoder_of
from elman.tasks.tagging.trainer import validation_metric_for
from elman.text.files import TextSource
from elman.text.tag_vocabulary import TagVocabulary
from elman.text.tagged import TaggedSource
from elman.text.tagsets import convert_tags, illegal_tags, spans
from elman.training import precision, trainer
from elman.training.events import Finished, Progress
from elman.training.trainer import train
from model_files import altered, assert_refused, header_of, setting

SMALL = {"hidden_size": 8, "layers": 1, "steps": 40, "dropout": 0.1}
WORDS = [["Ann", "saw", "New", "York", "."], ["the", "cat", "sat"], ["Bob", "Lee", "ran"]] * 8
SPEECH = [["N", "V", "N", "N", "P"], ["D", "N", "V"], ["N", "N", "V"]] * 8
NAMES = [["B-P", "O", "B-L", "I-L", "O"], ["O", "O", "O"], ["B-P", "I-P", "O"]] * 8
NEW = [["Zed", "saw", "York"], [], ["the"], ["cat"] * 40]
ENTITIES = ["iob1", "bio", "bioes", "bilou"]


def names_in(scheme):
    return [list(convert_tags(tags, "bio", scheme)) for tags in NAMES]


def small(**settings):
    return elman.Tagger(**{**SMALL, **settings})


def weights(model):
    return {name: part.detach().clone() for name, part in model.network_.named_parameters()}


def same_weights(left, right):
    left, right = weights(left), weights(right)
    return left.keys() == right.keys() and all(torch.equal(left[n], right[n]) for n in left)


@pytest.fixture(scope="module")
def speech():
    return small().fit(WORDS, SPEECH)


@pytest.fixture(scope="module", params=ENTITIES)
def names(request):
    return small().fit(WORDS, names_in(request.param))


# scikit-learn's habits


def test_a_clone_has_the_settings_and_nothing_learned(speech):
    copy = clone(speech)
    assert copy.get_params() == speech.get_params()
    assert len(speech.get_params()) <= 10
    with pytest.raises(NotFittedError, match=r"Tagger: .*fit"):
        copy.predict(WORDS)
    assert not hasattr(copy, "tags_")


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.predict_best(WORDS),
        lambda model: model.marginals(WORDS),
        lambda model: model.score(WORDS, SPEECH),
        lambda model: model.describe(),
        lambda model: model.save("nowhere.safetensors"),
    ],
)
def test_before_fit_nothing_is_known(ask):
    with pytest.raises(NotFittedError):
        ask(small())


CHANGES = {
    "cell": "gru",
    "hidden_size": 6,
    "layers": 2,
    "dropout": 0.5,
    "steps": 30,
    "seed": 1,
    "counts": "off",
}


@pytest.mark.parametrize("name", list(inspect.signature(elman.Tagger).parameters))
def test_every_setting_changes_something(name):
    if name == "size":
        return  # see test_file_size.py
    if name == "minutes":  # only counts where there are no steps
        few, many = (
            small(steps=None, minutes=minutes).fit(WORDS, SPEECH) for minutes in (0.0001, 1.0)
        )
        assert few.record_["steps"] < many.record_["steps"]
        assert many.record_["seconds"] < 30, "a small set is not read for ever"
        return
    few = {"steps": 10}
    assert same_weights(*(small(**few).fit(WORDS, SPEECH) for _ in range(2)))
    changed = small(**{**few, name: CHANGES[name]}).fit(WORDS, SPEECH)
    assert not same_weights(changed, small(**few).fit(WORDS, SPEECH))


@pytest.mark.parametrize(
    ("name", "value"),
    [each for each in OUT_OF_RANGE if each[0] != "tokenizer"],  # it has none
)
def test_what_is_out_of_range_is_refused_before_anything_is_read(name, value, tmp_path):
    with pytest.raises(SettingError) as caught:
        elman.Tagger(**{name: value}).fit(tmp_path / "no-such-file")
    assert caught.value.location == name.replace("_", "-")


# Sentences in every form


def test_sentences_in_every_form(tmp_path):
    """The same sentences are the same, whatever they come in."""
    path = tmp_path / "words.conll"
    sentences = TaggedSource.from_sentences(WORDS, SPEECH)
    path.write_text("".join(each.with_tags(each.tags) for each in sentences.sentences()))
    few = small(steps=2)
    in_lists = clone(few).fit(WORDS, SPEECH)
    others = [
        clone(few).fit(sentences),
        clone(few).fit(path),
        clone(few).fit(TaggedSource(TextSource([path]))),
        clone(few).fit(map(tuple, WORDS), map(tuple, SPEECH)),
        clone(few).fit(WORDS, np.array(SPEECH, dtype=object)),
    ]
    assert {model.record_["content"] for model in others} == {in_lists.record_["content"]}
    assert all(same_weights(model, in_lists) for model in others)
    assert in_lists.predict(path) == in_lists.predict(WORDS) == in_lists.predict(sentences)
    assert in_lists.score(path) == in_lists.score(WORDS, SPEECH) == in_lists.score(sentences)
    valid = [clone(few).fit(path, valid=each) for each in (path, sentences, (WORDS, SPEECH))]
    assert len({json.dumps(model.record_ | {"seconds": 0}) for model in valid}) == 1
    (tmp_path / "bare.conll").write_text("Ann\nsaw\n\nthe\n")
    assert in_lists.predict(tmp_path / "bare.conll") == in_lists.predict([["Ann", "saw"], ["the"]])


@pytest.mark.parametrize(
    ("sentences", "tags", "valid", "location"),
    [
        ([], [], None, "the sentences given"),
        ([["a"]], [["X"]], None, "tags"),
        ([["a"], ["b"]], [["O"], ["O"]], None, "tags"),
        ([["a", "b"]], [["X", "Y"]], None, "sentences"),
        (WORDS, None, None, "tags"),
        (WORDS, SPEECH[1:], None, "the sentences given"),
        (WORDS, [["N"], *SPEECH[1:]], None, "sentence 1"),
        (["the cat", "a dog"], [["N"], ["N"]], None, "sentence 1"),
        ([["a"], []], [["X"], []], None, "sentence 2"),
        (TaggedSource.from_sentences(WORDS, SPEECH), SPEECH, None, "tags"),
        (TaggedSource.from_sentences(WORDS), None, None, "sentence 1:1"),
        (WORDS, SPEECH, ([], []), "the sentences given"),
        (WORDS, SPEECH, [["a"]], "tags"),
    ],
)
def test_what_cannot_be_learned_from_is_one_line(sentences, tags, valid, location):
    model = small(steps=1)
    with pytest.raises(InputError) as caught:
        model.fit(sentences, tags, valid=valid)
    assert caught.value.location == location
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert not hasattr(model, "network_")


def test_tags_that_training_never_saw_count_as_errors(tmp_path):
    """In a file and in lists; none of them is ever predicted."""
    path = tmp_path / "valid.conll"
    path.write_text("cat\tN\n\nBob\tN\nran\tZ\n")
    message = r"1 validation word has a tag that no training word has \('Z'\); it counts as errors"
    with pytest.warns(UnseenLabelWarning, match=message):
        model = small().fit(WORDS, SPEECH, valid=path)
    assert model.record_["valid_accuracy"] == pytest.approx(2 / 3)
    assert "Z" not in model.tags_
    entities = [["B-P", "I-P", "O"], ["B-Z", "I-Z", "O"]]
    with pytest.warns(UnseenLabelWarning, match=r"2 validation words have .* \('B-Z'\)"):
        model = small().fit(WORDS, NAMES, valid=([WORDS[2]] * 2, entities))
    assert model.record_["valid_span_f1"] == pytest.approx(0.5)  # P is found twice, Z never
    with pytest.warns(UnseenLabelWarning, match="2 validation words"):
        only = small(steps=3).fit(WORDS, SPEECH, valid=([["ran", "sat"]], [["Z", "Z"]]))
    assert only.record_["valid_accuracy"] == 0


@pytest.mark.parametrize("sentences", ["the cat", ["the cat"], [3], [["the", 3]], [None]])
def test_what_is_no_list_of_words_is_not_tagged(speech, sentences):
    with pytest.raises(InputError, match="expected a list of words"):
        speech.predict(sentences)


def test_without_others_a_tenth_is_held_out_by_the_seed():
    count = len(WORDS)
    words = [[f"w{number}", "x"] for number in range(count)]
    records = [
        small(steps=1, seed=seed).fit(words, [["A", "B"]] * count).record_ for seed in (0, 1)
    ]
    assert {record["sentences"] for record in records} == {count - count // 10}
    assert {record["words"] for record in records} == {2 * (count - count // 10)}
    assert records[0]["valid"] != records[1]["valid"]
    whole = small(steps=1).fit(words, [["A", "B"]] * count, valid=(WORDS[:1], [["A"] * 5]))
    assert whole.record_["sentences"] == count


def test_long_sentences_are_learned_in_pieces(monkeypatch):
    """Also where an entity is cut in two: each piece is legal by itself."""
    monkeypatch.setattr(sentences_module, "MAX_WORDS", 3)
    words, tags = [["a", "b", "c", "d", "e"]] * 9, [["O", "B-X", "I-X", "I-X", "I-X"]] * 9
    model = small(steps=5)
    events = model.training(words, tags, valid=(words, tags))
    losses = [event.loss for event in events if isinstance(event, Progress)]
    assert model.record_["sentences"] == 18
    assert model.record_["words"] == 45
    assert max(losses) < 20
    assert len(model.predict(words)[0]) == 5


# What it tells


def test_it_learns_the_training_data(speech):
    assert speech.predict(WORDS) == SPEECH
    assert speech.score(WORDS, SPEECH) == 1.0
    assert speech.score(WORDS, [["D"] * len(words) for words in WORDS]) < 0.2
    assert speech.scheme_ == "plain"
    assert speech.tags_ == ["D", "N", "P", "V"]
    assert speech.record_["valid_accuracy"] == 1.0


def test_entities_come_in_the_scheme_they_were_learned_in(names):
    scheme = names.scheme_
    assert scheme in ENTITIES
    assert names.predict(WORDS) == names_in(scheme)
    assert names.record_["valid_span_f1"] == 1.0
    assert all(not illegal_tags(tags, scheme) for tags in names.predict(NEW))
    for best in names.predict_best(NEW, 20):
        for tags, _ in best:
            assert set(tags) <= set(names.tags_)
            assert not illegal_tags(tags, scheme)


def test_the_best_sequences_and_their_probabilities(names):
    for words, predicted, best in zip(
        NEW, names.predict(NEW), names.predict_best(NEW, 4), strict=True
    ):
        assert best[0][0] == predicted
        assert len({tuple(tags) for tags, _ in best}) == len(best)
        assert all(len(tags) == len(words) for tags, _ in best)
        chances = [chance for _, chance in best]
        assert chances == sorted(chances, reverse=True)
        assert 0 < sum(chances) <= 1 + 1e-5
    assert names.predict_best([[]], 3) == [[([], 1.0)]]
    # Of one word there are three sequences: outside, and an entity of either label.
    every = names.predict_best([["the"]], 10)[0]
    assert len(every) == 3
    assert sum(chance for _, chance in every) == pytest.approx(1)


def test_marginals_are_sums_over_the_sequences(names):
    words = ["Zed", "York"]
    every = names.predict_best([words], 100)[0]
    assert len(every) == 3 + 6 + 2  # none or one entity of one word, or two, or one of both words
    expected = np.zeros((2, len(names.tags_)))
    for tags, chance in every:
        if names.scheme_ == "iob1":
            tags = [tag.replace("B-", "I-") for tag in tags]
        for index, tag in enumerate(tags):
            expected[index, names.tags_.index(tag)] += chance
    result = names.marginals([[], words])
    assert result[0].shape == (0, len(names.tags_))
    np.testing.assert_allclose(result[1], expected, atol=1e-5)


def test_each_sentence_is_tagged_by_itself(speech, monkeypatch):
    """In any order, in any company; sentences without words have no tags."""
    monkeypatch.setattr(precision, "fast_type", lambda _: None)  # exact products
    together = speech.marginals(NEW * 2 + WORDS)
    for words, result in zip(NEW * 2 + WORDS, together, strict=True):
        alone = speech.marginals([words])[0]
        np.testing.assert_allclose(result, alone, atol=1e-5)
        assert len(result) == len(words)
    assert [len(tags) for tags in speech.predict(NEW)] == [3, 0, 1, 40]
    assert speech.predict([]) == speech.predict_best([]) == speech.marginals([]) == []
    assert speech.predict([[""]])[0][0] in speech.tags_


@pytest.mark.parametrize("count", [0, 1001, 1.5])
def test_a_count_of_sequences_is_held_against_its_range(speech, count):
    with pytest.raises(SettingError, match="count"):
        speech.predict_best(WORDS, count)


# Learning


def test_training_reports_every_step_and_the_reading_of_files(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("a\tN\nb\tV\n\n" * 20)
    heard = []
    model = small(steps=4)
    events = list(model.training(path, progress=lambda *arguments: heard.append(arguments)))
    assert [event.step for event in events if isinstance(event, Progress)] == [1, 2, 3, 4]
    assert isinstance(events[-1], Finished)
    assert model.record_["steps"] == 4
    assert heard[-1] == ("reading", path.stat().st_size, path.stat().st_size)


def test_a_run_goes_on_from_its_checkpoint(tmp_path):
    checkpoint = tmp_path / "c.checkpoint"
    run = {"checkpoint": checkpoint, "checkpoint_seconds": 0}
    steps = iter(range(52))
    cut = small(steps=60).training(WORDS, SPEECH, stop=lambda: next(steps, None) is None, **run)
    *_, last = cut
    assert (last.interrupted, last.step) == (True, 52)
    with pytest.raises(ResumeError, match="seed"):
        list(small(steps=60, seed=9).training(WORDS, SPEECH, **run))
    with pytest.raises(ResumeError, match="content"):
        list(small(steps=60).training(WORDS * 2, SPEECH * 2, **run))
    resumed = small(steps=60)
    events = list(resumed.training(WORDS, SPEECH, **run))
    assert events[0].step == 51
    assert same_weights(resumed, small(steps=60).fit(WORDS, SPEECH))


def test_an_interrupted_fit_leaves_a_model(monkeypatch):
    from elman.tasks.tagging.objective import TaggingObjective

    loss = TaggingObjective.loss

    def interrupted(self, step):
        if step == 3:
            raise KeyboardInterrupt
        return loss(self, step)

    monkeypatch.setattr(TaggingObjective, "loss", interrupted)
    model = small()
    with pytest.raises(KeyboardInterrupt):
        model.fit(WORDS, SPEECH)
    assert len(model.predict(WORDS)) == len(WORDS)


def test_what_was_learned_from_is_kept_for_a_baseline(tmp_path):
    cache = Cache(tmp_path)
    model = small(steps=1)
    list(model.training(WORDS, SPEECH, valid=(WORDS, SPEECH), cache=cache))
    result = cached_examples(cache, model.record_["content"])
    assert result == [list(pair) for pair in zip(WORDS, SPEECH, strict=True)]


def test_weights_are_judged_by_accuracy_or_by_entities():
    plain = TagVocabulary.learn(SPEECH)
    right = [plain.encode(tags) for tags in SPEECH]
    assert validation_metric_for(plain, SPEECH)(right) == 0
    wrong = [row.copy() for row in right]
    wrong[0][:2] = (wrong[0][:2] + 1) % 4
    assert validation_metric_for(plain, SPEECH)(wrong) == pytest.approx(2 / sum(map(len, SPEECH)))

    vocabulary = TagVocabulary.learn(NAMES[:3])
    validation_metric = validation_metric_for(vocabulary, NAMES[:3])
    assert validation_metric([vocabulary.encode(tags) for tags in NAMES[:3]]) == 0
    predicted = [["B-P", "O", "B-L", "B-L", "O"], ["O", "O", "O"], ["O", "O", "O"]]
    shared = [
        {*spans(a, "bio")} & {*spans(b, "bio")} for a, b in zip(predicted, NAMES, strict=False)
    ]
    assert sum(map(len, shared)) == 1  # of the 3 found and the 3 that are there
    assert validation_metric([vocabulary.encode(tags) for tags in predicted]) == pytest.approx(
        1 - 2 / 6
    )
    with_unseen = [[tag.replace("I-L", "B-Q") for tag in tags] for tags in NAMES[:3]]
    missed = validation_metric_for(vocabulary, with_unseen)(
        [vocabulary.encode(tags) for tags in NAMES[:3]]
    )
    assert missed == pytest.approx(1 - 2 * 2 / (3 + 4))  # 2 of 3 found are among the 4 there
    nothing = [vocabulary.encode(["O"] * len(tags)) for tags in NAMES[:3]]
    assert validation_metric(nothing) == pytest.approx(1 + 5 / 11)


# Files


@pytest.mark.parametrize("cell", CELLS)
def test_a_file_gives_the_same_bits(cell, tmp_path):
    model = small(cell=cell, layers=2, steps=2).fit(WORDS, NAMES)
    path = tmp_path / "m.safetensors"
    model.save(path)
    loaded = elman.load(path)
    assert type(loaded) is elman.Tagger
    assert same_weights(model, loaded)
    assert loaded.get_params() == model.get_params()
    assert loaded.describe() == model.describe()
    assert loaded.lexicon_.words == model.lexicon_.words
    assert not loaded.network_.training
    for ours, theirs in zip(model.marginals(NEW), loaded.marginals(NEW), strict=True):
        assert np.array_equal(ours, theirs)
    loaded.save(tmp_path / "again.safetensors")
    assert header_of(tmp_path / "again.safetensors") == header_of(path)


def test_words_that_no_file_can_hold_are_read_and_saved(tmp_path):
    model = small(steps=2).fit(
        [["the", "s\ud800"], ["a", "b"]] * 9, [["D", "N\ud800"], ["D", "N"]] * 9
    )
    model.save(tmp_path / "m.safetensors")
    loaded = elman.load(tmp_path / "m.safetensors")
    assert loaded.lexicon_.words == model.lexicon_.words
    assert loaded.tags_ == ["D", "N", "N\ufffd"]
    assert loaded.predict([["s\ud800"]]) == loaded.predict([["s\ufffd"]])


def test_a_file_holds_the_record_of_its_training(names, tmp_path):
    path = tmp_path / "m.safetensors"
    names.save(path)
    header = header_of(path)
    assert header["task"] == "tag"
    assert header["tags"]["scheme"] == names.scheme_
    assert header["tags"]["labels"] == ["L", "P"]
    training = header["training"]
    assert training == names.record_
    assert training["parameters"] == sum(part.numel() for part in weights(names).values())
    assert training["tokens_read"] > 0
    assert names.describe()["training"] == training
    assert str(tmp_path) not in json.dumps(header)


def test_a_changed_header_is_refused(speech, tmp_path):
    """Each damage alone, all else sound."""
    path = tmp_path / "sound.safetensors"
    speech.save(path)
    for keys, value in (
        ("task", "language"),
        ("settings/hidden_size", "wide"),
        ("settings/more", 1),
        ("settings/cell", "lstm"),
        ("encoder/directions", 1),
        ("encoder/buckets", 2),
        ("encoder/blocks/hidden_size", 9),
        ("encoder/blocks/cell", "os.system"),
        ("vocabulary/words", [3]),
        ("tags/labels", ["D", "N", "P"]),
        ("tags/scheme", "bio"),
        ("counts", {}),
        ("counts/buckets", 0),
        ("counts/buckets", 2**40),
        ("counts/buckets", 2.0),
        ("counts/features", 3),
        ("counts/more", 1),
        ("training", None),
    ):
        assert_refused(altered(path, tmp_path, setting(*keys.split("/"), value=value)))
    for change in (
        lambda header, _: header["vocabulary"]["words"].pop(),
        lambda header, _: header["tags"].update(scheme="bio", labels=[]),
        lambda header, _: header.pop("encoder"),
        lambda header, _: header.pop("tags"),
    ):
        assert_refused(altered(path, tmp_path, change))
    unaltered = altered(path, tmp_path, lambda *_: None)
    assert same_weights(elman.load(unaltered), speech)


def test_the_seed_is_that_of_the_weights_the_order_and_the_training(monkeypatch):
    """Any of them could be the seed's alone, and weights would still differ at the end."""
    plans, passes, firsts = [], [], []

    def watched(objective, plan, **options):
        plans.append(plan.seed)
        passes.append(objective.sampler.seed)
        firsts.append(objective.network.output.weight.detach().clone())
        return train(objective, plan, **options)

    monkeypatch.setattr(trainer, "train", watched)
    for seed in (0, 1):
        small(steps=1, seed=seed).fit(WORDS, SPEECH)
    assert plans == passes == [0, 1]
    assert not torch.equal(*firsts)


def test_the_settings_reach_the_network_and_the_plan():
    settings = elman.Tagger(hidden_size=7, layers=3, dropout=0.05)
    model = small(steps=1, layers=2, hidden_size=7, dropout=0.05).fit(WORDS, SPEECH)
    reading = model.network_.encoder.config
    assert (reading.blocks.hidden_size, reading.blocks.layers, reading.directions) == (7, 2, 2)
    assert reading.blocks.dropout == encoder_of(settings, model.lexicon_).blocks.dropout == 0.05
    assert model.network_.dropout.p == model.network_.encoder.dropout.p == 0.05
