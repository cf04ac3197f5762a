"""Whether a model still answers as it did, and whether its metrics can be computed again.

:func:`check_determinism` asks a model again for answers that are stored, and stores how many are
the same; :func:`verify_metrics` computes stored metrics again. :func:`assert_inferences_match`
compares stored inferences with a file of earlier ones. None changes inferences or metrics.
"""

from kolena_local.determinism.check import check_determinism
from kolena_local.determinism.metrics import MetricDifference, MetricsCheck, verify_metrics
from kolena_local.determinism.snapshot import assert_inferences_match
from kolena_local.repository.determinism_checks import (
    AnswerDifference,
    CheckSettings,
    DeterminismCheck,
    MetricChange,
)

__all__ = [
    "AnswerDifference",
    "CheckSettings",
    "DeterminismCheck",
    "MetricChange",
    "MetricDifference",
    "MetricsCheck",
    "assert_inferences_match",
    "check_determinism",
    "verify_metrics",
]
