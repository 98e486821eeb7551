"""scikit-learn's metadata routing: which methods of a classifier ask for `sample_weight`.

See scikit-learn.org/stable/metadata_routing.html. scikit-learn is imported at the first request.
"""

from __future__ import annotations

from typing import Any, Self

_WEIGHTS = "sample_weight"
_STORED = "_metadata_request"  # `clone` copies the attribute of this name


class WeightRequests:
    """The requests of `fit` and `score` for the weights of samples; without one, weights that
    reach a meta-estimator are an error there."""

    def set_fit_request(self, *, sample_weight: bool | str | None) -> Self:
        """Let `fit` ask for weights.

        Args:
            sample_weight: True asks for them; False goes without; None makes it an error to pass
                some; a name asks for metadata of that name.
        """
        return self._requesting("fit", sample_weight)

    def set_score_request(self, *, sample_weight: bool | str | None) -> Self:
        """Let `score` ask for weights; see `set_fit_request`."""
        return self._requesting("score", sample_weight)

    def get_metadata_routing(self) -> Any:
        """The requests, as a `MetadataRequest` of scikit-learn."""
        from sklearn.utils.metadata_routing import MetadataRequest

        stored = vars(self).get(_STORED)
        if stored is not None:
            return stored
        request = MetadataRequest(owner=self)
        for method in ("fit", "score"):
            getattr(request, method).add_request(param=_WEIGHTS, alias=None)
        return request

    def _requesting(self, method: str, alias: bool | str | None) -> Self:
        requests = self.get_metadata_routing()
        getattr(requests, method).add_request(param=_WEIGHTS, alias=alias)
        setattr(self, _STORED, requests)
        return self
