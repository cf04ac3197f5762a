"""Makes predictions of tables with a column of probabilities for each class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from kolena_local.errors import InputValidationError
from kolena_local.io import _guess_text
from kolena_local.plurals import enumerated

if TYPE_CHECKING:
    import pandas as pd

#: Programs round what they write.
_TOLERANCE: Final = 0.01


def with_prediction(frame: pd.DataFrame, id_fields: list[str], path: str) -> pd.DataFrame:
    """Return the predictions in a table of probabilities, such as those of ``predict_proba``.

    Args:
        frame: the id fields, and a column for each class, which has the class's name.
        id_fields: the columns that identify a datapoint.
        path: the file of the table.

    Returns:
        The id fields, ``prediction`` (the most probable class, the first if there are several),
        ``confidence`` (its probability) and ``probabilities`` (a dict). A class that is called like
        a number or a bool is that, as cells of CSV are.

    Raises:
        InputValidationError: there are not two classes, a cell is not a probability, or those of a
            row do not sum to 1.
    """
    ids = [name for name in id_fields if name in frame]
    classes = [name for name in frame.columns if name not in ids]
    hint = f"with --proba, all columns but {enumerated(id_fields)} are classes"
    if len(classes) < 2:
        raise InputValidationError(f"'{path}' has no columns for two or more classes; {hint}.")
    values = {_guess_text(str(name)): frame[name].tolist() for name in classes}
    for name, cells in zip(classes, values.values(), strict=True):
        for row, cell in enumerate(cells, start=1):
            if not isinstance(cell, (int, float)) or isinstance(cell, bool) or not 0 <= cell <= 1:
                raise InputValidationError(
                    f"'{path}': row {row} has {cell!r:.80} in the column '{name}', which is not a"
                    f" probability; {hint}."
                )
    rows: list[dict[Any, float]] = [
        dict(zip(values, cells, strict=True)) for cells in zip(*values.values(), strict=True)
    ]
    for row, found in enumerate(rows, start=1):
        if abs(math.fsum(found.values()) - 1) > _TOLERANCE:
            raise InputValidationError(
                f"'{path}': the probabilities in row {row} sum to {math.fsum(found.values()):.4g}"
                f" instead of 1; {hint}."
            )
    best = [max(found, key=found.__getitem__) for found in rows]
    result: pd.DataFrame = frame[ids].astype(object)
    result["prediction"] = best
    result["confidence"] = [found[name] for found, name in zip(rows, best, strict=True)]
    named: list[Any] = [{str(name): it for name, it in found.items()} for found in rows]
    result["probabilities"] = named
    return result
