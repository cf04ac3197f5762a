"""What calls have left to be stored, and how it is stored."""

from __future__ import annotations

# pandas needs this module, which cannot be imported any more when the process ends.
import concurrent.futures.thread  # noqa: F401
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from kolena_local import location, repository
from kolena_local.dataset import upload_results
from kolena_local.dataset.dataset import committed
from kolena_local.errors import IncorrectUsageError, InputValidationError, StoreError
from kolena_local.plurals import counted

_MOST_CALLS: Final = 100_000
_LONGEST_PAUSE: Final = 10.0


class Call(NamedTuple):
    """One call of a traced function."""

    place: str
    """The location of the store that was in use."""

    model: str
    """The name of the model."""

    datapoint: dict[str, Any]
    """The arguments."""

    result: dict[str, Any]
    """The return value."""


class Buffer:
    """Calls that are not stored yet.

    Args:
        dataset: the name of the dataset.
        id_fields: the fields that identify a datapoint.
    """

    def __init__(self, dataset: str, id_fields: Sequence[str]) -> None:
        self.dataset = dataset
        self.id_fields = list(id_fields)
        self.clear()

    def clear(self) -> None:
        """Forget all calls; a forked process does so, since its parent stores them."""
        self._calls: deque[Call] = deque()
        self._pushing = threading.Lock()
        self._is_paused = False

    def pause(self) -> None:
        """Wait until no thread is storing calls: a forked process would inherit locks."""
        # Never set to False here: another thread that forks may have paused this.
        if self._pushing.acquire(timeout=_LONGEST_PAUSE):
            self._is_paused = True

    def resume(self) -> None:
        """Let calls be stored again."""
        if self._is_paused:
            self._is_paused = False
            self._pushing.release()

    def add(self, call: Call) -> None:
        """Keep a call; if the store could not be written for very long, the oldest is dropped."""
        self._calls.append(call)
        if len(self._calls) > _MOST_CALLS:
            self._calls.popleft()

    def push(self, failed: set[str] | None = None) -> None:
        """Store all calls; what goes wrong is printed, and kept if the store may recover.

        Args:
            failed: when the process ends, the stores that could not be written. There is no later
                attempt, and none that would have to wait for the same store again.
        """
        with self._pushing:
            calls = [self._calls.popleft() for _ in range(len(self._calls))]
            for place in dict.fromkeys(call.place for call in calls):
                found = [call for call in calls if call.place == place]
                try:
                    if failed is not None and place in failed:
                        raise StoreError("the store could not be written.")
                    refused = self._store_most(place, found)
                except StoreError as error:
                    if failed is None:
                        self._calls.extendleft(reversed(found))
                    else:
                        failed.add(place)
                    yet = " yet" if failed is None else ""
                    self._complain(
                        f"{counted(len(found), 'call')} could not be stored{yet}: {error}"
                    )
                else:
                    if refused:
                        self._complain(
                            f"{counted(len(refused), 'call')} could not be stored: {refused[-1]}"
                        )

    def _store_most(self, place: str, calls: Sequence[Call]) -> list[Exception]:
        """Store the calls but those that cannot be stored, and return why."""
        try:
            self._store(place, calls)
        except StoreError:
            raise
        except Exception as error:
            # Other errors are about the dataset or the model, which all calls have in common.
            if len(calls) == 1 or not isinstance(error, InputValidationError):
                return [error] * len(calls)
            half = len(calls) // 2
            return [*self._store_most(place, calls[:half]), *self._store_most(place, calls[half:])]
        return []

    def _store(self, place: str, calls: Sequence[Call]) -> None:
        with location.use(place):
            with repository.open_store().read() as unit:
                known = unit.datasets.find(self.dataset)
            if known is not None and sorted(known.id_fields) != sorted(self.id_fields):
                raise IncorrectUsageError(
                    f"the dataset {self.dataset!r} has the id fields {list(known.id_fields)}, not"
                    f" {self.id_fields}; name another dataset."
                )
            datapoints = self._frame([call.datapoint for call in calls])
            committed(
                self.dataset,
                datapoints,
                id_fields=self.id_fields,
                append_only=True,
                description=None,
                warns=False,  # calls differ in what they are given, and their results follow
            )
            for model in dict.fromkeys(call.model for call in calls):
                results = self._frame([call.result for call in calls if call.model == model])
                upload_results(self.dataset, model, results)

    def _frame(self, rows: Sequence[dict[str, Any]]) -> Any:
        import pandas as pd

        # Of calls with the same ids, the last counts, as if each had been stored at once.
        latest = {repr([row[field] for field in self.id_fields]): row for row in rows}
        names = dict.fromkeys(name for row in latest.values() for name in row)
        columns = {name: [row.get(name) for row in latest.values()] for name in names}
        return pd.DataFrame(
            {name: pd.Series(cells, dtype=object) for name, cells in columns.items()}
        )

    def _complain(self, message: str) -> None:
        print(f"kolena_trace of {self.dataset!r}: {message}", file=sys.stderr)
