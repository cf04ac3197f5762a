"""Metrics of a test sample at one threshold, for lists of them in ``MetricsTestSample``."""

import dataclasses
import inspect
from typing import Any

from kolena_local.serialization.data_object import DataObject

__all__ = ["ThresholdedMetrics"]


@dataclasses.dataclass(frozen=True)
class ThresholdedMetrics(DataObject):
    """Metrics at one threshold; a subclass adds the metrics as fields.

    Args:
        threshold: the threshold.

    Raises:
        TypeError: a field's value is a dict, or a direct subclass declares ``threshold`` again.
    """

    threshold: float

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if ThresholdedMetrics in cls.__bases__ and "threshold" in inspect.get_annotations(cls):
            raise TypeError(
                f"{cls.__qualname__} declares 'threshold', which ThresholdedMetrics already has;"
                " leave it out."
            )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if isinstance(getattr(self, field.name, None), dict):
                raise TypeError(
                    f"{type(self).__name__}.{field.name} is a dict, which thresholded metrics"
                    " cannot hold; give it fields of its own."
                )

    _type_name = "METRICS/THRESHOLDED"
