"""Tests of all pairs of several models on the same samples, and what they say about ranks.

Pure functions on arrays. Models are in their order, the best first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from typing import Final

import numpy as np

from kolena_local.comparison.statistics.boolean import mcnemar_p_value
from kolena_local.comparison.statistics.correction import adjusted
from kolena_local.comparison.statistics.estimate import Settings, estimate
from kolena_local.comparison.statistics.pairs import Ids, Numbers, Pairs, Scores, first_of_each
from kolena_local.comparison.statistics.scaling import Floats, Mask

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def pairs_of(models: int) -> int:
    """Return how many pairs so many models make."""
    return math.comb(models, 2)


def paired(ids: Ids, base: Numbers, candidate: Numbers) -> Pairs:
    """Return two models' values on the samples that all models have."""
    return Pairs(ids, base, candidate, 0, 0, 0, 0)


def on_common_samples(
    models: Sequence[Sequence[Scores]],
) -> tuple[Ids, list[Numbers], list[Mask]]:
    """Return the samples for which all models have a number, and their values.

    For a sample in several test cases, all values come from the first one in which all models have
    a result.

    Args:
        models: the scores of each model in each test case, at least one of both.

    Returns:
        The ids of the samples, the values of each model, and for each model which of the results
        that all models have are numbers.
    """
    shared = [
        reduce(np.intersect1d, [one.ids for one in of_case])
        for of_case in zip(*models, strict=True)
    ]
    scores = [
        first_of_each([one.among(ids) for one, ids in zip(model, shared, strict=True)])
        for model in models
    ]
    finite = [np.isfinite(one.values.astype(np.float64)) for one in scores]
    kept = np.logical_and.reduce(finite)
    return scores[0].ids[kept], [one.values[kept] for one in scores], finite


def p_values_of_pairs(
    ids: Ids,
    columns: Sequence[Numbers],
    boolean: bool,
    clusters: Ids | None,
    settings: Settings,
    judged: int,
) -> Floats:
    """Return the adjusted p-value of each pair of models.

    Pairs with models that are judged but not here count with a p-value of 1, which can only make
    the p-values of the others larger.

    Args:
        ids: the ids of the samples.
        columns: the values of each model.
        boolean: whether they are 0 and 1 for false and true.
        clusters: the cluster number of each sample; None if samples are independent.
        settings: how to compute.
        judged: the number of models that were tested on these samples, at least those here.

    Returns:
        A symmetric matrix, with 1 on its diagonal; NaN if no pair can be tested.
    """
    pairs = list(combinations(range(len(columns)), 2))
    p_values = np.ones(max(len(pairs), pairs_of(judged)))
    if boolean and clusters is None:
        # As `estimate` does, but all counts at once, which is 100 times as fast.
        values = np.array(columns, dtype=np.float64)
        gains = (values @ (1 - values).T).astype(np.int64)
        p_values[: len(pairs)] = [
            mcnemar_p_value(int(gains[one, other]), int(gains[other, one])) for one, other in pairs
        ]
    else:
        for place, (one, other) in enumerate(pairs):
            both = paired(ids, columns[one], columns[other])
            p_values[place] = estimate(both, boolean, clusters, settings).p_value
    found = adjusted(p_values, settings.correction)
    matrix = np.ones((len(columns), len(columns)))
    for (one, other), p_value in zip(pairs, found.tolist(), strict=False):
        matrix[one, other] = matrix[other, one] = p_value
    return matrix


def rank_ranges(separate: Mask) -> list[tuple[int, int]]:
    """Return the ranks that each model may have, from the best to the worst.

    A model is below all that are clearly better, and above all that are clearly worse. If the
    p-values bound the probability of any false verdict, all ranges hold at once with the confidence
    of the tests.

    Source: M. Mogstad, J. P. Romano, A. M. Shaikh and D. Wilhelm, "Inference for ranks with
    applications to mobility across neighbourhoods and academic achievement across countries", Rev.
    Econ. Stud. 91 (2024) 476-518.

    Args:
        separate: for each pair of models, whether one is clearly better; the order says which.
    """
    count = len(separate)
    return [
        (1 + int(row[:place].sum()), count - int(row[place + 1 :].sum()))
        for place, row in enumerate(separate)
    ]


def groups_of(separate: Mask) -> list[str]:
    """Return a compact letter display: models share a letter exactly if they are not separate.

    The groups are grown from the pairs that have no letter in common yet, so there are at most as
    many as pairs. More than 26 have numbers, with spaces between them.

    Sources: H.-P. Piepho, "An algorithm for a letter-based representation of all-pairwise
    comparisons", J. Comput. Graph. Stat. 13 (2004) 456-466, for the display; J. Gramm, J. Guo,
    F. Hüffner, R. Niedermeier, H.-P. Piepho and R. Schmid, "Algorithms for compact letter displays:
    comparison and evaluation", Comput. Stat. Data Anal. 52 (2007) 725-736, for growing cliques.

    Args:
        separate: for each pair of models, whether one is clearly better.
    """
    count, tied = len(separate), ~separate
    has_letter = np.zeros_like(tied)
    groups: list[list[int]] = []
    for first in range(count):
        while True:
            lacking = np.flatnonzero(tied[first, first:] & ~has_letter[first, first:]) + first
            if not len(lacking):
                break
            # Those without a common letter first, so that the group covers many of them.
            group = [first]
            for other in (*lacking.tolist(), *range(count)):
                if other not in group and tied[other, group].all():
                    group.append(other)
            has_letter[np.ix_(group, group)] = True
            groups.append(sorted(group))
    names = _LETTERS if len(groups) <= len(_LETTERS) else [f" {n + 1}" for n in range(len(groups))]
    return [
        "".join(name for name, group in zip(names, groups, strict=False) if place in group).strip()
        for place in range(count)
    ]
