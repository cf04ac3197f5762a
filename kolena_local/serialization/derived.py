"""Which types have fields that are computed from the others, and therefore are not stored.

Who shows stored values without making objects of them asks here whether something would be missing.
"""

import typing
from typing import Any

from kolena_local.serialization.decode import data_types
from kolena_local.serialization.hints import is_class
from kolena_local.serialization.layout import Structured, layout_of


def has_derived(hint: Any) -> bool:
    """Say whether a type, or one that its values may hold, has a derived field."""
    return _has_derived(hint, set())


def derived_data_types() -> tuple[str, ...]:
    """Return the data types whose objects have derived fields.

    An attribute beyond the declared fields may hold such an object; its text then names one.
    """
    return tuple(sorted(name for name, cls in data_types().items() if has_derived(cls)))


def _has_derived(hint: Any, seen: set[Any]) -> bool:
    if not is_class(hint, Structured):
        return any(_has_derived(argument, seen) for argument in typing.get_args(hint))
    if hint in seen:  # a class may hold objects of its own kind
        return False
    seen.add(hint)
    layout = layout_of(hint)
    return bool(layout.derived) or any(_has_derived(it.hint, seen) for it in layout.fields)
