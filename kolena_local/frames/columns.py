"""Columns of a DataFrame, filled page by page with JSON values.

The keys of objects become columns with dotted names; all other values are cells. Each page is
packed: numbers take eight bytes, and a string that occurs often is kept once. In the end, a column
has the common type of all its values: integers, floats, bools, strings, or else objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain, repeat
from operator import is_, itemgetter
from typing import TYPE_CHECKING, Any

from kolena_local.payload import LARGEST_EXACT
from kolena_local.serialization.classes import claimant

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

Path = tuple[str, ...]

_DATA_TYPE = "data_type"


class Columns:
    """Builds the columns of a DataFrame.

    Args:
        roots: the first steps of paths, in the order of their columns.
    """

    def __init__(self, *roots: str) -> None:
        self._roots = roots
        self._columns: dict[Path, _Column] = {}
        self._rows = 0

    def expect(self, *paths: Path) -> None:
        """Add columns that come first and exist even without values."""
        for path in paths:
            self._columns.setdefault(path, _Column())

    def add(self, path: Path, values: list[Any]) -> None:
        """Add a page of values at a path; the keys of objects become columns below it."""
        kinds = set(map(type, values))
        if any(issubclass(kind, dict) for kind in kinds):
            objects = values
            if len(kinds) > 1:
                # In most pages, all objects have the keys of the first; so has what is missing.
                nothing = dict.fromkeys(next(it for it in values if isinstance(it, dict)))
                objects = [value if isinstance(value, dict) else nothing for value in values]
            for key, below in _fields(objects):
                if key != _DATA_TYPE or not _names_the_class(below):
                    self.add((*path, key), below)
            kinds = {kind for kind in kinds if not issubclass(kind, dict)} - {type(None)}
            if not kinds:
                return
            values = [None if isinstance(value, dict) else value for value in values]
            kinds.add(type(None))
        if kinds - {type(None)} or (kinds and path not in self._columns):
            self._columns.setdefault(path, _Column()).add(self._rows, values, kinds)

    def end_page(self, rows: int) -> None:
        """End a page with this number of rows."""
        self._rows += rows

    def frame(self) -> pd.DataFrame:
        """Return the DataFrame, and empty the columns."""
        import pandas as pd

        dotted_names = Counter(map(".".join, self._columns))
        parents = {path[:end] for path in self._columns for end in range(1, len(path))}
        arrays: dict[str, Any] = {}
        for path in _in_order(self._columns, self._roots):
            column = self._columns.pop(path)
            # A missing object shows in the columns of its fields.
            if path in parents and column.is_empty:
                continue
            name = ".".join(path)
            if dotted_names[name] > 1:  # keys may contain dots
                name = ".".join(f'"{step}"' if "." in step else step for step in path)
            arrays[name] = column.array(self._rows)
        index = pd.RangeIndex(self._rows)
        frame: pd.DataFrame = pd.DataFrame(
            dict(enumerate(arrays.values())), index=index, copy=False
        )
        # Not Arrow for the names either, which refuses unpaired surrogates.
        frame.columns = pd.Index(list(arrays), dtype=object)
        return frame


class _Column:
    """The values of a column in packed pages; rows without a page are missing."""

    def __init__(self) -> None:
        self._pages: list[tuple[int, npt.NDArray[Any], npt.NDArray[np.bool_] | None]] = []
        self._known: dict[str, str] = {}
        self._only_texts = True

    @property
    def is_empty(self) -> bool:
        return not self._pages

    def add(self, start: int, values: list[Any], kinds: set[type]) -> None:
        import numpy as np

        missing = None
        if type(None) in kinds:
            kinds.remove(type(None))
            if not kinds:
                return
            missing = np.fromiter(map(is_, values, repeat(None)), np.bool_, len(values))
        if kinds == {str}:
            values = self._shared(values)
        else:
            self._only_texts = False
        self._pages.append((start, _packed(values, kinds, missing), missing))

    def _shared(self, texts: list[Any]) -> list[Any]:
        """Return strings as the same objects as equal ones before, if many are equal."""
        known = self._known
        before = len(known)
        shared = list(map(known.setdefault, texts, texts))
        if len(known) - before > len(texts) // 2:
            known.clear()
        return shared

    def array(self, rows: int) -> Any:
        """Return all values as one array that pandas uses without conversion."""
        import numpy as np
        import pandas as pd

        kind = _common([page for _, page, _ in self._pages])
        of_objects = kind.hasobject
        values = np.full(rows, None if of_objects else 0, kind)
        missing = np.ones(rows, np.bool_)
        for start, page, gone in self._pages:
            end = start + len(page)
            # Python numbers, not numpy's, in a column of objects.
            values[start:end] = page.tolist() if of_objects else page
            if of_objects and gone is not None:
                values[start:end][gone] = None
            missing[start:end] = False if gone is None else gone
        self._pages.clear()
        if of_objects:
            if self._only_texts and not missing.all():
                # Not Arrow, which pandas may prefer: it refuses unpaired surrogates.
                return pd.array(values, dtype=pd.StringDtype("python"), copy=False)
            # Not the bare array: pandas would look for dates in it, and some versions raise for
            # integers that are too large for a float.
            return pd.Series(values, dtype=object, copy=False)
        if not missing.any():
            return values
        arrays = {"i": pd.arrays.IntegerArray, "f": pd.arrays.FloatingArray}
        return arrays.get(kind.kind, pd.arrays.BooleanArray)(values, missing)


def _packed(
    values: list[Any], kinds: set[type], missing: npt.NDArray[np.bool_] | None
) -> npt.NDArray[Any]:
    import numpy as np

    numbers = values if missing is None else [0 if value is None else value for value in values]
    if kinds == {bool}:
        return np.array(numbers, np.bool_)
    if kinds == {float} or (kinds == {int, float} and all(map(_is_exact, numbers))):
        return np.array(numbers, np.float64)
    if kinds == {int} and min(numbers) >= -(2**63) and max(numbers) < 2**63:
        return np.array(numbers, np.int64)
    packed = np.empty(len(values), object)
    packed[:] = values
    return packed


def _common(pages: list[npt.NDArray[Any]]) -> np.dtype[Any]:
    import numpy as np

    kinds = {page.dtype for page in pages}
    if len(kinds) == 1:
        return next(iter(kinds))
    integer = np.dtype(np.int64)
    if kinds == {integer, np.dtype(np.float64)} and all(
        _is_exact(int(page.min())) and _is_exact(int(page.max()))
        for page in pages
        if page.dtype == integer
    ):
        return np.dtype(np.float64)
    return np.dtype(object)


def _is_exact(number: float) -> bool:
    """Return whether a float represents a number exactly."""
    return type(number) is float or -LARGEST_EXACT <= number <= LARGEST_EXACT


def _fields(objects: list[dict[str, Any]]) -> list[tuple[str, list[Any]]]:
    """Return each key of the objects with its values, None where an object lacks it."""
    first = objects[0]
    if set(map(len, objects)) == {len(first)}:
        try:
            return [(key, list(map(itemgetter(key), objects))) for key in first]
        except KeyError:
            pass
    keys = dict.fromkeys(chain.from_iterable(objects))
    return [(key, [value.get(key) for value in objects]) for key in keys]


def _names_the_class(values: list[Any]) -> bool:
    if not set(map(type, values)) <= {str, type(None)}:
        return False
    return all(name is None or claimant(name) is not None for name in set(values))


def _in_order(paths: Iterable[Path], roots: Iterable[str]) -> list[Path]:
    """Sort paths so that paths with a common start are adjacent, in order of appearance."""
    rank: dict[Path, int] = {(root,): place for place, root in enumerate(roots)}
    for path in paths:
        for end in range(1, len(path) + 1):
            rank.setdefault(path[:end], len(rank))
    return sorted(paths, key=lambda path: [rank[path[:end]] for end in range(1, len(path) + 1)])
