from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from elman.metrics.forecasting import seasonal_naive
from elman.nn.config import LEVELS
from elman.nn.forecaster import ForecastNetwork, pinball
from elman.tasks.forecasting.objective import quantiles_at
from elman.tasks.forecasting.windows import Origins, Values, values_after
from elman.text.series import Series
from elman.training.preview_rows import PAST, spread_indices
from elman.training.previews import BaselineLoss, ForecastPreview


@dataclass(frozen=True)
class ForecastPreviews:
    """Forecasts of the end of the validation set, for a few series."""

    network: ForecastNetwork
    series: Series
    origins: Origins  # (M, 2) held out
    scale: Values

    def baseline(self) -> BaselineLoss | None:
        config, values = self.network.config, self.series.values
        naive = np.stack(
            [
                seasonal_naive(values[:step, each], config.season, config.horizon)
                for step, each in self.origins
            ]
        )
        came = values_after(values, self.origins, config.horizon)
        sure = torch.from_numpy(naive)[..., None].expand(*naive.shape, len(LEVELS))
        losses = pinball(sure, torch.from_numpy(came)).mean((1, 2)).numpy()
        loss = float((losses / self.scale[self.origins[:, 1]]).mean())
        return BaselineLoss("the season before", "quantile loss in seasonal errors", loss)

    def samples(self) -> list[ForecastPreview]:
        names, values = self.series.names, self.series.values
        chosen = [
            self.origins[self.origins[:, 1] == each][-1]
            for each in spread_indices(len(names), limit=3).tolist()
        ]
        found = quantiles_at(self.network, values, np.stack(chosen))
        return [
            ForecastPreview(
                names[each],
                values[max(step - PAST, self.series.first_rows[each]) : step, each].tolist(),
                came=values[step : step + len(quantiles), each].tolist(),
                **dict(zip(_ENDS, np.sort(quantiles).T.tolist(), strict=True)),
            )
            for (step, each), quantiles in zip(chosen, found, strict=True)
        ]


_ENDS = ("low_95", "low_80", "median", "high_80", "high_95")  # as LEVELS are
