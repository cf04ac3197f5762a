"""Helpers for classification; :mod:`.utils` makes plots of labels and scores."""

from kolena_local._experimental.classification.dataset import (
    upload_multilabel_classification_results,
)

__all__ = ["upload_multilabel_classification_results"]
