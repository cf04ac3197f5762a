"""Reads a table from a file of CSV, JSON Lines or Parquet, and guesses what its cells are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kolena_local.dataset.coco_file import read_annotations
from kolena_local.dataset.hugging_face import read_export
from kolena_local.dataset.lm_eval_file import documents, is_sample_log
from kolena_local.errors import InputValidationError
from kolena_local.exchange.import_request import ImportRequest, Words
from kolena_local.exchange.row_files import DELIMITED, format_of, import_parquet, opened
from kolena_local.payload import LARGEST_EXACT

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = re.compile(r"\s*[+-]?\d{1,309}\s*", re.ASCII)
_LABELS = frozenset({"None", "NA", "N/A", "n/a"})
_WORDS = Words(encoding="", delimiter="")


def read_datapoints(path: str) -> pd.DataFrame:
    """Read the datapoints of a dataset.

    Args:
        path: what :func:`read_table` reads, or a .json file with COCO annotations; a .jsonl file
            may be a sample log of lm-evaluation-harness.

    Returns:
        A DataFrame with a row for each datapoint.

    Raises:
        InputValidationError: the file cannot be read, or its name does not say what is in it.
        IncorrectUsageError: it is a Parquet file and pyarrow is not installed.
    """
    if Path(path).suffix.lower() == ".json":
        return read_annotations(path)
    frame = read_table(path)
    return documents(frame, path) if is_sample_log(frame) else frame


def read_table(path: str) -> pd.DataFrame:
    """Read a table.

    In CSV, numbers, bools and JSON lists and objects are recognized, and an empty cell is None, as
    :func:`kolena_local.io.dataframe_from_csv` does it, but the words None and NA stay what they
    are in columns of text; semicolons may separate the cells. In Parquet of Hugging Face's
    ``datasets``, labels are names, and images their paths.

    Args:
        path: the file: .csv, .tsv, .jsonl, .ndjson, .parquet or .pq.

    Returns:
        A DataFrame.

    Raises:
        InputValidationError: the file cannot be read, or its name does not say what is in it.
        IncorrectUsageError: it is a Parquet file and pyarrow is not installed.
    """
    kind = format_of(path, None)
    if kind is None:
        raise InputValidationError(
            f"The name '{path}' does not tell what is in the file; it must end with .csv, .tsv,"
            " .jsonl or .parquet, or with .json for COCO."
        )
    if kind == "jsonl":
        return _json_lines(path)
    from kolena_local import io

    layout = _layout(path, kind) if kind in DELIMITED else {}
    try:
        with Path(path).open("rb") as stream:
            if kind == "parquet":
                export = read_export(import_parquet().ParquetFile(stream), path)
                if export is not None:
                    return export
                stream.seek(0)
                return io.dataframe_from_parquet(stream)
            frame = io.dataframe_from_csv(stream, encoding="utf-8-sig", **layout)
            stream.seek(0)
            return _with_words(_unrounded(frame, stream, layout), stream, layout)
    except OSError as error:
        raise InputValidationError(
            f"'{path}' cannot be read ({error.strerror or error}); give another file."
        ) from error
    except ValueError as error:  # pandas has one for each format, and they are all of these
        raise InputValidationError(
            f"'{path}' is not a {kind} file: {str(error).rstrip('.')}."
        ) from error


def _unrounded(frame: pd.DataFrame, stream: IO[bytes], layout: dict[str, Any]) -> pd.DataFrame:
    """Restore the integers in the columns that pandas has read as floats.

    Those are columns with an empty cell or a fraction; their integers beyond 2**53 are rounded.
    """
    import pandas as pd

    floats = [place for place, dtype in enumerate(frame.dtypes) if dtype == "float64"]
    large = [it for it in floats if (frame.iloc[:, it].abs() >= LARGEST_EXACT).any()]
    if not large:
        return frame
    texts = pd.read_csv(stream, encoding="utf-8-sig", dtype=str, usecols=large, **layout)
    for number, place in enumerate(large):
        cells = zip(texts.iloc[:, number], frame.iloc[:, place], strict=True)
        whole = [int(text) if _is_whole(text) else value for text, value in cells]
        frame.isetitem(place, pd.Series(whole, index=frame.index, dtype=object))
    return frame


def _with_words(frame: pd.DataFrame, stream: IO[bytes], layout: dict[str, Any]) -> pd.DataFrame:
    """Restore the words None and NA in columns of text, where they may be labels.

    Pandas takes them for missing values, which they are beside numbers, bools or JSON, and which
    its other words are everywhere: nan and null are what programs write for them.
    """
    import pandas as pd

    columns = {
        place: frame.iloc[:, place].tolist()
        for place, dtype in enumerate(frame.dtypes)
        if dtype.kind == "O"  # text is in no other
    }
    places = [
        place
        for place, cells in columns.items()
        if any(map(_is_missing, cells)) and any(isinstance(cell, str) for cell in cells)
    ]
    if not places:
        return frame
    stream.seek(0)
    texts = pd.read_csv(
        stream, encoding="utf-8-sig", dtype=str, usecols=places, keep_default_na=False, **layout
    )
    for number, place in enumerate(places):
        pairs = zip(texts.iloc[:, number], columns[place], strict=True)
        cells = [text if text in _LABELS and _is_missing(cell) else cell for text, cell in pairs]
        frame.isetitem(place, pd.Series(cells, index=frame.index, dtype=object))
    return frame


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and cell != cell)


def _is_whole(text: Any) -> bool:
    return isinstance(text, str) and _WHOLE.fullmatch(text) is not None


def _layout(path: str, kind: str) -> dict[str, Any]:
    """Return how pandas is to read a file, all of whose rows have as many cells as its header.

    Pandas takes the first cells of longer rows for an index, and fills up shorter ones.
    """
    with opened(ImportRequest(path, kind, words=_WORDS)) as lines:
        for _ in lines.rows:
            pass
        return {"sep": lines.delimiter, "skiprows": lines.before}


def _json_lines(path: str) -> pd.DataFrame:
    import pandas as pd

    with opened(ImportRequest(path, "jsonl", words=_WORDS)) as lines:
        # Pandas would make dates of columns that are called so, and floats of large numbers.
        frame: pd.DataFrame = pd.DataFrame([row for _, row in lines.rows], dtype=object)
    return frame
