"""One call of a traced function, from its arguments to what came of it."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Final

from kolena_local._experimental.trace.buffer import Call
from kolena_local._experimental.trace.values import as_json

ID: Final = "_kolena_id"
_TIMESTAMP: Final = "_kolena_timestamp"
_ELAPSED: Final = "_kolena_time_elapsed"
_EXCEPTION: Final = "_kolena_exception"
_MOST_ITEMS: Final = 10_000


class TracedCall:
    """A context manager around a call, which never raises anything itself.

    Args:
        keep: what takes the finished call.
        complain: what takes an error.
        id_fields: the fields that identify a datapoint.
        record_timestamp: whether to note when the call began and ended.
    """

    def __init__(
        self,
        keep: Callable[[Call], None],
        complain: Callable[[Exception], None],
        id_fields: list[str],
        record_timestamp: bool,
    ) -> None:
        self._keep, self._complain = keep, complain
        self._id_fields, self._record_timestamp = id_fields, record_timestamp
        self._call: Call | None = None
        self._items: list[Any] = []
        self._counter = itertools.count()
        self._elapsed: float | None = None
        self._began, self._clock = datetime.now(timezone.utc), time.perf_counter()

    def note_arguments(
        self, place: str, model: str, arguments: dict[str, Any], *, yields: bool
    ) -> None:
        """Note the arguments now, since the function may change them.

        Args:
            place: the location of the store.
            model: the name of the model.
            arguments: the arguments by name.
            yields: whether the function is a generator, which may yield nothing.
        """
        self._call = Call(place, model, as_json(arguments), {"result": [] if yields else None})

    def returned(self, output: Any) -> None:
        """Note what the function returned."""
        self._ended()
        self._note(lambda: _as_result(output))

    def yielded(self, item: Any) -> None:
        """Note what a generator yielded, up to a number of items."""
        if len(self._items) < _MOST_ITEMS:
            self._items.append(None)
            self._note(lambda: self._with_item(item))

    def __enter__(self) -> TracedCall:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._ended()
        # A generator that is closed has not failed.
        if error is not None and not isinstance(error, GeneratorExit):
            self._note(lambda: {_EXCEPTION: f"{type(error).__name__}: {error}"})
        self._note(self._finished)
        if self._call is not None:
            try:
                self._keep(self._call)
            except Exception as problem:
                self._complain(problem)

    def _ended(self) -> None:
        if self._elapsed is None:
            self._elapsed = time.perf_counter() - self._clock

    def _note(self, result: Callable[[], dict[str, Any]]) -> None:
        """Set the result; if that is impossible, the call is not recorded."""
        if self._call is not None:
            try:
                self._call = self._call._replace(result=result())
            except Exception as problem:
                self._call = None
                self._complain(problem)

    def _with_item(self, item: Any) -> dict[str, Any]:
        self._items[-1] = as_json(item, self._counter)
        return {"result": self._items}

    def _finished(self) -> dict[str, Any]:
        assert self._call is not None
        datapoint, result = self._call.datapoint, self._call.result
        if self._record_timestamp:
            datapoint[_TIMESTAMP] = self._began.isoformat()
            result[_TIMESTAMP] = datetime.now(timezone.utc).isoformat()
            result[_ELAPSED] = self._elapsed
        if ID in self._id_fields:
            datapoint[ID] = uuid.uuid4().hex
        return {**result, **{field: datapoint[field] for field in self._id_fields}}


def _as_result(output: Any) -> dict[str, Any]:
    result = as_json(output)
    return result if isinstance(result, dict) and result else {"result": result}
