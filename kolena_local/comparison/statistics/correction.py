"""P-values adjusted for multiple comparisons. Pure functions on arrays."""

from __future__ import annotations

import numpy as np

from kolena_local.comparison.statistics.scaling import Floats
from kolena_local.errors import InputValidationError

HOLM = "holm"
BENJAMINI_HOCHBERG = "benjamini-hochberg"
CORRECTIONS = (HOLM, BENJAMINI_HOCHBERG)


def check_correction(name: str) -> str:
    """Return the name of a correction.

    Raises:
        InputValidationError: there is no correction with that name.
    """
    if not isinstance(name, str) or name not in CORRECTIONS:
        raise InputValidationError(
            f"There is no correction {name!r}; choose {' or '.join(CORRECTIONS)}."
        )
    return name


def adjusted(p_values: Floats, correction: str) -> Floats:
    """Return p-values adjusted for multiple comparisons.

    Holm's method bounds the probability that any verdict is false, Benjamini and Hochberg's the
    expected share of false verdicts.

    Sources: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6
    (1979) 65-70; Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", J. R. Stat.
    Soc. B 57 (1995) 289-300.

    Args:
        p_values: one p-value for each comparison.
        correction: :data:`HOLM` or :data:`BENJAMINI_HOCHBERG`.

    Returns:
        The adjusted p-values, in the same order, at most 1.
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    ascending = p_values[order]
    if correction == HOLM:
        ascending = np.maximum.accumulate(ascending * np.arange(count, 0, -1))
    else:
        scaled = ascending * count / np.arange(1, count + 1)
        ascending = np.minimum.accumulate(scaled[::-1])[::-1]
    result = np.empty_like(p_values)
    result[order] = np.minimum(ascending, 1.0)
    return result
