"""Reads Parquet files that Hugging Face's ``datasets`` exported, without their images."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd

_LOCATOR: Final = "locator"
_LISTS: Final = ("Sequence", "List", "LargeList")


def read_export(file: Any, path: str) -> pd.DataFrame | None:
    """Read a Parquet file as ``Dataset.to_parquet`` and the Hub write it.

    Labels are the names that the file says. Images and recordings, which are structures of
    ``bytes`` and ``path``, become the path; the bytes are not even read. If there is one column of
    these, it is called ``locator``.

    Args:
        file: a ``pyarrow.parquet.ParquetFile``.
        path: its name.

    Returns:
        A DataFrame; None if it is another kind of Parquet file.
    """
    import pandas as pd

    leaves = [file.schema.column(place).path for place in range(len(file.schema))]
    content = [
        it for it in leaves if it.endswith(".bytes") and f"{it.rpartition('.')[0]}.path" in leaves
    ]
    media = {it.rpartition(".")[0] for it in content}
    metadata = (file.schema_arrow.metadata or {}).get(b"huggingface")
    if metadata is None and not media:
        return None
    features = _features(metadata)
    table = file.read(columns=[it for it in leaves if it not in content])
    columns: dict[str, list[Any]] = {}
    for name in table.column_names:
        cells = [_readable(it, features.get(name)) for it in table[name].to_pylist()]
        if {name} == media and _LOCATOR not in table.column_names:
            if cells.count(None) == len(cells):
                warn(
                    f"The column '{name}' of '{path}' was left out: it has no paths, and the bytes"
                    " of images and recordings are not stored."
                )
                continue
            name = _LOCATOR
        columns[name] = cells
    frame: pd.DataFrame = pd.DataFrame(
        {name: pd.Series(it, dtype=object) for name, it in columns.items()}
    )
    return frame


def _features(metadata: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(metadata or b"{}")["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _readable(value: Any, feature: Any) -> Any:
    """Return a cell with the names of labels and the paths of images, at any depth."""
    described = feature if isinstance(feature, dict) else {}
    kind = described.get("_type")
    if isinstance(feature, list) and feature:  # what older versions write for a list
        inner = feature[0]
    else:
        inner = described.get("feature") if kind in _LISTS else feature
    if isinstance(value, list):
        return [_readable(it, inner) for it in value]
    if isinstance(value, dict):
        if value.keys() == {"path"}:
            return value["path"]
        fields = inner if isinstance(inner, dict) else {}
        return {name: _readable(it, fields.get(name)) for name, it in value.items()}
    if kind == "ClassLabel" and isinstance(value, int):
        names = described.get("names") or []
        # -1 stands for no label.
        return names[value] if 0 <= value < len(names) else None if value == -1 else value
    return value
