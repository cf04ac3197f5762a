"""Metrics at several thresholds, by the original's module path."""

from kolena_local.workflow.thresholded_metrics import ThresholdedMetrics

__all__ = ["ThresholdedMetrics"]
