"""Results of the only model that has a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolena_local.dataset import EvalConfigResults, download_results, get_models
from kolena_local.dataset.frames import check_name
from kolena_local.errors import IncorrectUsageError, NotFoundError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["download_results_by_tag"]


def download_results_by_tag(
    dataset: str,
    model_tag: str,
    commit: str | None = None,
    include_extracted_properties: bool = False,
) -> tuple[pd.DataFrame, list[EvalConfigResults]]:
    """Return what ``download_results`` returns for the model that has a tag.

    Args:
        dataset: the name of the dataset.
        model_tag: the tag.
        commit: the hash of a commit of the dataset; None is the latest.
        include_extracted_properties: see ``download_results``.

    Raises:
        NotFoundError: there is no such dataset or commit, or no model on it has the tag.
        IncorrectUsageError: several models have the tag.
    """
    check_name(model_tag, "tag")
    names = [model.name for model in get_models(dataset) if model_tag in model.tags]
    if not names:
        raise NotFoundError(
            f"There are no models with tag {model_tag!r} that have results on {dataset!r};"
            " get_models() lists those that have."
        )
    if len(names) > 1:
        raise IncorrectUsageError(
            f"There are multiple models with tag {model_tag!r}: {', '.join(map(repr, names))}; call"
            " download_results() with the name of one."
        )
    return download_results(dataset, names[0], commit, include_extracted_properties)
