"""The arguments of an upload of results: checked, and as they are stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kolena_local.dataset.cells import to_json
from kolena_local.dataset.frames import Frames, check_names
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.flags import check_bool
from kolena_local.payload import Json, canonical, dumps


def by_configuration(results: Any) -> Iterator[tuple[dict[str, Any] | None, str, Frames]]:
    """Yield each configuration, its name, which is canonical JSON, and its results.

    Raises:
        InputValidationError: something is not a configuration with results.
        IncorrectUsageError: two configurations are the same.
    """
    if not isinstance(results, list) or not results or not isinstance(results[0], (tuple, list)):
        yield None, "", results
        return
    seen: set[str] = set()
    for pair in results:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputValidationError(
                "Each of the results must be a pair of a configuration and a DataFrame, not"
                f" {pair!r:.80}."
            )
        if pair[0] is not None and not isinstance(pair[0], dict):
            raise InputValidationError(
                f"A configuration must be a dict or None, not {pair[0]!r:.80}."
            )
        config: Any = None if pair[0] is None else to_json(pair[0], "configuration")
        # Numbers that are equal are the same here: 1 and 1.0.
        name = "" if config is None else dumps(json.loads(canonical(config)))
        if name in seen:
            raise IncorrectUsageError(
                f"Duplicate eval configs are invalid: {name or 'None'} is there twice; give each of"
                " the results its own configuration."
            )
        seen.add(name)
        yield config, name, pair[1]


def checked_tags(tags: Any) -> tuple[str, ...]:
    """Return the tags of a model.

    Raises:
        IncorrectUsageError: one is not a string, or blank.
    """
    try:
        return check_names(tags, "tags")
    except InputValidationError as error:
        raise IncorrectUsageError(str(error)) from None


def checked_metadata(metadata: Any) -> dict[str, Json]:
    """Return the metadata of a model as JSON.

    Raises:
        InputValidationError: it is not a dict, or has no JSON form.
    """
    if not isinstance(metadata, dict | None):
        raise InputValidationError(f"metadata must be a dict, not {metadata!r:.80}.")
    written: Any = to_json(metadata or {}, "metadata")
    return dict(written)


def checked_directions(given: Any) -> dict[str, bool]:
    """Return for which columns higher values are better.

    Raises:
        InputValidationError: it does not map columns to bools.
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputValidationError(
            f"higher_is_better must map columns to True or False, not {given!r:.80}."
        )
    return {
        name: check_bool(higher, f"higher_is_better of the column {name!r}")
        for name, higher in (given or {}).items()
    }


def check_thresholded(cells: list[Any], name: str) -> None:
    """Refuse cells that are not lists of dicts with a number ``threshold``; None is accepted.

    Raises:
        InputValidationError: one is something else.
    """
    for cell in cells:
        if cell is None or (isinstance(cell, float) and cell != cell):
            continue
        rows = cell if isinstance(cell, (list, tuple)) else [cell]
        for row in rows:
            threshold = row.get("threshold") if isinstance(row, Mapping) else None
            is_number = not isinstance(threshold, (bool, str)) and hasattr(threshold, "__float__")
            if not is_number or threshold != threshold:  # NaN is not a number
                raise InputValidationError(
                    f"The thresholded field {name!r} must be a list of dicts, each with a number"
                    f" 'threshold', not {cell!r:.80}."
                )
