"""scikit-learn's tools take a classifier as one of their own, and so do its checks."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from reviews import LABELS, SMALL, TEXTS, small
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

import elman
from elman.errors import SettingError

OF_COLUMNS = "a text has no fixed number of features"
OF_NUMBERS = "what numbers may be is no matter of texts"
NOT_OF_TEXTS = {
    "check_n_features_in": OF_COLUMNS,
    "check_n_features_in_after_fitting": OF_COLUMNS,
    "check_classifiers_train": OF_COLUMNS,
    "check_estimators_empty_data_messages": "a text of nothing is a text",
    "check_fit1d": "texts are one column",
    "check_fit2d_predict1d": "texts are one column",
    "check_complex_data": OF_NUMBERS,
    "check_dtype_object": OF_NUMBERS,
    "check_estimators_nan_inf": OF_NUMBERS,
    "check_estimator_sparse_tag": OF_NUMBERS,
    "check_estimator_sparse_array": OF_NUMBERS,
    "check_estimator_sparse_matrix": OF_NUMBERS,
    "check_classifiers_regression_target": "any number can be a label: 1.5 of five stars",
    "check_supervised_y_2d": "labels in a table are refused, not flattened with a warning",
    "check_sample_weight_equivalence_on_dense_data": "which texts are held out depends on how many",
}


class Spelled(elman.Classifier):
    """Reads tables of numbers, which is what the checks have, as texts: '0.5 -1.2'."""

    def training(self, texts, labels, **options):
        return super().training(spelled(texts), labels, **options)

    def predict_proba(self, X):  # noqa: N803
        self._check_fitted()
        return super().predict_proba(spelled(X))

    def score(self, X, y):  # noqa: N803
        return super().score(spelled(X), y)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.string = False
        tags.input_tags.two_d_array = True
        tags.classifier_tags.poor_score = True  # of two steps
        return tags


def spelled(rows):
    if isinstance(rows, list) and rows and isinstance(rows[0], str):
        return rows  # from `score`
    return [" ".join(f"{value:.1f}" for value in row) for row in np.asarray(rows)]


def checks():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of what does not inherit from theirs
        return list(
            estimator_checks_generator(
                Spelled(tokenizer="word", hidden_size=8, steps=2),
                expected_failed_checks=NOT_OF_TEXTS,
                mark="xfail",
            )
        )


def name_of(value):
    """Without the address that `str` would show: every worker must find the same names."""
    if isinstance(value, elman.Classifier):
        return ""
    return "-".join([value.func.__name__.removeprefix("check_"), *map(str, value.keywords.items())])


@pytest.mark.parametrize(("estimator", "check"), checks(), ids=name_of)
def test_it_passes_the_checks_that_a_reader_of_texts_can(estimator, check):
    check(estimator)


# Its tools


def lowered(texts):
    return [text.lower() for text in texts]


def test_it_is_a_classifier_of_texts():
    assert is_classifier(small())
    assert small().__sklearn_tags__().input_tags.string


def test_a_clone_has_the_settings_and_nothing_learned():
    model = small(dropout=0.25, class_weight="balanced").fit(TEXTS, LABELS)
    copy = clone(model)
    assert type(copy) is elman.Classifier
    assert copy.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(TEXTS)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.predict(TEXTS),
        lambda model: model.predict_proba(TEXTS),
        lambda model: model.score(TEXTS, LABELS),
        lambda model: model.start(),
        lambda model: model.describe(),
    ],
)
def test_before_fit_their_error_is_ours(ask):
    with pytest.raises(NotFittedError) as caught:
        ask(small())
    assert isinstance(caught.value, elman.errors.NotFittedError)
    assert "Call fit" in str(caught.value)
    assert type(caught.value).__name__ == "NotFittedError"


def test_settings_are_named_and_changed_by_name():
    model = elman.Classifier()
    assert model.set_params(hidden_size=7) is model
    assert model.get_params()["hidden_size"] == 7
    assert repr(model) == "Classifier(hidden_size=7)"
    with pytest.raises(SettingError) as caught:
        model.set_params(depth=2)
    assert caught.value.location == "depth"


@pytest.mark.parametrize("hold", [list, tuple, np.array, lambda x: np.array(x, dtype=object)])
def test_texts_in_a_pipeline(hold):
    pipeline = make_pipeline(FunctionTransformer(lowered), small())
    texts = hold([text.upper() for text in TEXTS])
    pipeline.fit(texts, hold(LABELS))
    alone = small().fit(TEXTS, LABELS)
    assert pipeline.predict(texts).tolist() == alone.predict(TEXTS).tolist()
    assert pipeline.score(texts, LABELS) == alone.score(TEXTS, LABELS)
    assert pipeline.classes_.tolist() == alone.classes_.tolist()


def test_scores_in_folds():
    model = small(steps=40, dropout=0.0)
    scores = cross_val_score(model, np.array(TEXTS, dtype=object), np.array(LABELS), cv=3)
    assert scores.tolist() == [1.0] * 3
    losses = cross_val_score(model, TEXTS, LABELS, cv=2, scoring="neg_log_loss")
    assert (losses > -1).all()
    result = cross_val_predict(model, TEXTS, LABELS, cv=2, method="predict_proba")
    assert result.shape == (60, 3)


def test_a_search_over_a_grid():
    grid = {"reader__tokenizer": ["word", "character"], "reader__steps": [1, 40]}
    pipeline = Pipeline([("lower", FunctionTransformer(lowered)), ("reader", small(dropout=0.0))])
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(TEXTS, LABELS)
    assert search.best_params_["reader__steps"] == 40
    assert search.best_score_ > 0.9
    assert search.predict(["SO WARM"]).shape == (1,)
    assert set(search.cv_results_["param_reader__tokenizer"]) == {"word", "character"}
    assert SMALL["steps"] == pipeline.get_params()["reader__steps"], "the given one is as it was"
