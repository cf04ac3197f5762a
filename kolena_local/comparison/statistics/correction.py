"""Many comparisons at once: p-values that allow for it. Pure functions on arrays."""

from __future__ import annotations

import numpy as np

from kolena_local.comparison.statistics.scaling import Floats
from kolena_local.errors import IncorrectUsageError, InputValidationError

HOLM = "holm"
BENJAMINI_HOCHBERG = "benjamini-hochberg"
CORRECTIONS = (HOLM, BENJAMINI_HOCHBERG)


def check_correction(name: str) -> str:
    """Return the name of a correction.

    Raises:
        InputValidationError: there is none of that name.
    """
    if not isinstance(name, str) or name not in CORRECTIONS:
        raise InputValidationError(
            f"There is no correction {name!r}; choose {' or '.join(CORRECTIONS)}."
        )
    return name


def adjusted(p_values: Floats, correction: str) -> Floats:
    """Adjust p-values for their number, each of them from a comparison of its own.

    Args:
        p_values: what the tests gave.
        correction: :data:`HOLM` or :data:`BENJAMINI_HOCHBERG`.

    Raises:
        IncorrectUsageError: the correction is SciPy's, and SciPy is not installed.
    """
    if len(p_values) == 0:
        return p_values
    return holm(p_values) if correction == HOLM else benjamini_hochberg(p_values)


def holm(p_values: Floats) -> Floats:
    """Adjust p-values so that with all verdicts together the risk of a false one stays bounded.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6
    (1979) 65-70.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    increasing = np.maximum.accumulate(p_values[order] * factors)
    result = np.empty_like(p_values)
    result[order] = np.minimum(increasing, 1.0)
    return result


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Adjust p-values so that of the verdicts given, the share of false ones stays bounded.

    Source: Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B
    57 (1995) 289-300, as SciPy has it.

    Raises:
        IncorrectUsageError: SciPy is not installed.
    """
    try:
        from scipy.stats import false_discovery_control  # type: ignore[import-untyped]
    except ImportError:
        raise IncorrectUsageError(
            f"The correction {BENJAMINI_HOCHBERG} is SciPy's; run"
            " pip install 'kolena-local[stats]', or use the correction holm."
        ) from None
    return np.asarray(false_discovery_control(p_values, method="bh"), dtype=np.float64)
