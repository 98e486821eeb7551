"""The error of a model that is asked before it has learned."""

from __future__ import annotations

from elman.errors import NotFittedError


def not_fitted_error(location: str) -> NotFittedError:
    """An error that scikit-learn's tools recognise too.

    Args:
        location: the name of the model's class.
    """
    from sklearn import exceptions

    kind = type("NotFittedError", (NotFittedError, exceptions.NotFittedError), {})
    error: NotFittedError = kind(
        "it has learned nothing yet",
        location=location,
        hint="Call fit, or elman.load a trained model.",
    )
    return error
