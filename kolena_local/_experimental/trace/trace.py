"""``kolena_trace``: a decorator that stores what a function is given and what it returns.

It stays out of the function's way. The store is written in the background, and what goes wrong
there is printed.
"""

from __future__ import annotations

import atexit
import contextlib
import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast, overload

from kolena_local import location, repository
from kolena_local._experimental.trace.buffer import Buffer, Call
from kolena_local._experimental.trace.call import ID, TracedCall
from kolena_local._experimental.trace.wrapper import wrapper
from kolena_local.dataset.arguments import check_number
from kolena_local.dataset.frames import check_name, check_names
from kolena_local.errors import InputValidationError, StoreError
from kolena_local.flags import check_bool

Function = TypeVar("Function", bound=Callable[..., Any])

_OWNERS: Final = ("self", "cls")

_traces: list[_Trace] = []


@overload
def kolena_trace(func: Function) -> Function: ...


@overload
def kolena_trace(
    func: None = None,
    *,
    dataset_name: str | None = None,
    model_name: str | None = None,
    model_name_field: str | None = None,
    sync_interval: float = 30,
    id_fields: Sequence[str] | None = None,
    record_timestamp: bool = True,
) -> Callable[[Function], Function]: ...


def kolena_trace(
    func: Any = None,
    *,
    dataset_name: str | None = None,
    model_name: str | None = None,
    model_name_field: str | None = None,
    sync_interval: float = 30,
    id_fields: Sequence[str] | None = None,
    record_timestamp: bool = True,
) -> Any:
    """Store each call of a function: its arguments as a datapoint, what it returns as a result.

    Use it as a decorator, with or without arguments. Calls are kept in memory and stored by a
    thread in the background, when ``sync_interval`` seconds have passed, and at the end of the
    process. Processes that ``multiprocessing`` starts store theirs when they end by themselves. A
    call that raises is stored with the exception. For a coroutine function, the awaited value is
    the result, and for a generator the list of up to 10,000 items that it yields.

    Args:
        func: the function.
        dataset_name: the name of the dataset; None for that of the function.
        model_name: the name of the model; None for that of the dataset with ``_model``.
        model_name_field: a parameter that holds the name of the model; if a call passes None, it is
            ``model_name``.
        sync_interval: the seconds between two uploads.
        id_fields: the parameters that identify a datapoint; None for those of an existing dataset,
            or a new id for each call.
        record_timestamp: whether to store when a call began and ended, and how long it took.

    Returns:
        A function of the same kind, or a decorator.

    Raises:
        ValueError: a field is not a parameter, the dataset has other id fields, what is traced is
            not a function or has no name, or an argument has another type. When it is called: the
            value of an id field is None; the function is not called then.
    """

    def decorate(given: Any) -> Any:
        if isinstance(given, (classmethod, staticmethod)):
            return type(given)(decorate(given.__func__))
        return _Trace(
            given,
            dataset_name=dataset_name,
            model_name=model_name,
            model_name_field=model_name_field,
            sync_interval=sync_interval,
            id_fields=id_fields,
            record_timestamp=record_timestamp,
        ).traced()

    return decorate if func is None else decorate(func)


class _Trace:
    def __init__(
        self,
        func: Callable[..., Any],
        *,
        dataset_name: str | None,
        model_name: str | None,
        model_name_field: str | None,
        sync_interval: float,
        id_fields: Sequence[str] | None,
        record_timestamp: bool,
    ) -> None:
        if not callable(func):
            raise InputValidationError(
                f"{func!r:.80} is not a function; use @kolena_trace(dataset_name=…)."
            )
        for noun, value in (
            ("dataset", dataset_name),
            ("model", model_name),
            ("parameter", model_name_field),
        ):
            if value is not None:
                check_name(value, noun)
        if id_fields is not None:
            id_fields = check_names(id_fields, "id_fields")
        name = dataset_name or getattr(func, "__name__", None)
        if name is None:
            raise InputValidationError(f"{func!r:.80} has no name; give a dataset_name.")
        self.func = func
        self.signature = inspect.signature(func)
        self._yields = inspect.isgeneratorfunction(func) or inspect.isasyncgenfunction(func)
        self.dataset_name = name
        self.model_name = model_name or f"{self.dataset_name}_model"
        self.model_name_field = model_name_field
        self.sync_interval = check_number(sync_interval, "sync_interval", 0)
        self.record_timestamp = check_bool(record_timestamp, "record_timestamp")
        if model_name_field and model_name_field not in self.signature.parameters:
            raise ValueError(
                f"{name} has no parameter {model_name_field!r}; it has"
                f" {', '.join(self.signature.parameters) or 'none'}."
            )
        self.id_fields = self._checked_ids(id_fields)
        self._buffer = Buffer(self.dataset_name, self.id_fields)
        self._process = 0
        self._thread: threading.Thread | None = None
        self._pushed_at = time.monotonic()
        _register(self)

    def _checked_ids(self, given: Sequence[str] | None) -> list[str]:
        known = None
        # A file that does not exist, or cannot be read now, must not keep a program from starting.
        with contextlib.suppress(StoreError), repository.open_store(create=False).read() as unit:
            known = unit.datasets.find(self.dataset_name)
        if known is not None and given and sorted(given) != sorted(known.id_fields):
            raise ValueError(
                f"The dataset {self.dataset_name!r} has the id fields {list(known.id_fields)}, not"
                f" {list(given)}; name another dataset."
            )
        fields = list(given or (known.id_fields if known else [ID]))
        for field in fields:
            if field != ID and field not in self.signature.parameters:
                raise ValueError(f"{self.dataset_name} has no parameter {field!r} for an id.")
        return fields

    def traced(self) -> Any:
        """Return a function to use instead of the traced one."""
        made = wrapper(self.func, self._begin)
        made._trace, made._push_data = self, self._push_data
        return made

    def _begin(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> TracedCall:
        call = TracedCall(self._keep, self._complain, self.id_fields, self.record_timestamp)
        missing = None
        try:
            bound = self.signature.bind(*args, **kwargs)
        except Exception:  # the function will raise a TypeError
            return call
        try:
            bound.apply_defaults()
            # The object that a method belongs to is not an argument.
            given = {name: it for name, it in bound.arguments.items() if name not in _OWNERS}
            missing = next((it for it in self.id_fields if it != ID and given[it] is None), None)
            if missing is None:
                call.note_arguments(
                    location.resolve(), self._model(given), given, yields=self._yields
                )
        except Exception as error:
            self._complain(error)
        if missing is not None:
            raise ValueError(f"{self.dataset_name}: the id field {missing!r} must not be None.")
        return call

    def _model(self, arguments: dict[str, Any]) -> str:
        named = arguments.get(self.model_name_field) if self.model_name_field else None
        return self.model_name if named is None else str(named)

    def _keep(self, call: Call) -> None:
        if self._process != os.getpid():
            self._process = os.getpid()
            _push_at_end_of_worker(self)
        self._buffer.add(call)
        busy = self._thread is not None and self._thread.is_alive()
        if not busy and time.monotonic() - self._pushed_at > self.sync_interval:
            self._pushed_at = time.monotonic()
            self._thread = threading.Thread(target=self._push_data, name="kolena_trace")
            self._thread.start()

    def _push_data(self) -> None:
        """Store the calls that are not stored yet."""
        self._buffer.push()
        self._pushed_at = time.monotonic()

    def _forget(self) -> None:
        """Leave the calls that were made before a fork to the parent."""
        self._buffer.clear()
        self._thread = None

    def _complain(self, error: Exception) -> None:
        # Whatever is wrong with standard error, or how deep the stack is.
        with contextlib.suppress(Exception):
            print(
                f"kolena_trace of {self.dataset_name!r}: a call was not recorded: {error!r:.200}",
                file=sys.stderr,
            )


def _register(trace: _Trace) -> None:
    if not _traces:
        atexit.register(_push_all)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=_pause_all, after_in_parent=_resume_all, after_in_child=_forget_all
            )
    _traces.append(trace)


def _push_all() -> None:
    failed: set[str] = set()
    for trace in _traces:
        trace._buffer.push(failed)


def _pause_all() -> None:
    for trace in _traces:
        trace._buffer.pause()


def _resume_all() -> None:
    for trace in _traces:
        trace._buffer.resume()


def _forget_all() -> None:
    for trace in _traces:
        trace._forget()


def _push_at_end_of_worker(trace: _Trace) -> None:
    # These processes end without the functions of atexit.
    multiprocessing = cast(Any, sys.modules.get("multiprocessing.util"))
    if multiprocessing is not None and sys.modules["multiprocessing"].parent_process() is not None:
        multiprocessing.Finalize(None, trace._push_data, exitpriority=0)
