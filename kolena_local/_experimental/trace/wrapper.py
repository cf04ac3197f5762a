"""A function of any kind that calls another one, and has its calls recorded."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class CallRecord(Protocol):
    """What is noted during a call; it is recorded when the call ends, also by an exception."""

    def returned(self, output: Any) -> None:
        """Note what the function returned."""

    def yielded(self, item: Any) -> None:
        """Note what a generator yielded."""


Begin = Callable[[tuple[Any, ...], Mapping[str, Any]], AbstractContextManager[CallRecord]]


def wrapper(func: Callable[..., Any], begin: Begin) -> Any:
    """Return a function of the same kind: plain, coroutine, generator, or asynchronous generator.

    Args:
        func: the function to call.
        begin: what to call with the arguments first.
    """
    if inspect.isasyncgenfunction(func):
        made: Any = _async_generator(func, begin)
    elif inspect.isgeneratorfunction(func):
        made = _generator(func, begin)
    elif inspect.iscoroutinefunction(func):
        made = _coroutine(func, begin)
    else:
        made = _plain(func, begin)
    return functools.wraps(func)(made)


def _plain(func: Callable[..., Any], begin: Begin) -> Any:
    def traced(*args: Any, **kwargs: Any) -> Any:
        with begin(args, kwargs) as call:
            output = func(*args, **kwargs)
            call.returned(output)
            return output

    return traced


def _coroutine(func: Callable[..., Any], begin: Begin) -> Any:
    async def traced(*args: Any, **kwargs: Any) -> Any:
        with begin(args, kwargs) as call:
            output = await func(*args, **kwargs)
            call.returned(output)
            return output

    return traced


def _generator(func: Callable[..., Any], begin: Begin) -> Any:
    def traced(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with begin(args, kwargs) as call:
            generator = func(*args, **kwargs)
            step = generator.__next__
            try:
                while True:
                    try:
                        item = step()
                    except StopIteration as end:
                        return end.value
                    call.yielded(item)
                    try:
                        step = functools.partial(generator.send, (yield item))
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step = functools.partial(generator.throw, error)
            finally:
                generator.close()

    return traced


def _async_generator(func: Callable[..., Any], begin: Begin) -> Any:
    async def traced(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        with begin(args, kwargs) as call:
            generator = func(*args, **kwargs)
            step = generator.__anext__
            try:
                while True:
                    try:
                        item = await step()
                    except StopAsyncIteration:
                        return
                    call.yielded(item)
                    try:
                        step = functools.partial(generator.asend, (yield item))
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step = functools.partial(generator.athrow, error)
            finally:
                await generator.aclose()

    return traced
