"""The classes of :mod:`~kolena_local.repository.tables`, made when the first of them is needed.

SQLModel takes as long to make them as a listing takes altogether, and most commands only read: they
need none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kolena_local.repository.tables import (
        EvaluatorConfigurationTable,
        ModelTable,
        ModelTagTable,
        TestCaseTable,
        TestCaseVersionTable,
        TestRunTable,
        TestSuiteTable,
        TestSuiteTagTable,
        TestSuiteVersionTable,
        WorkflowTable,
    )

__all__ = [
    "EvaluatorConfigurationTable",
    "ModelTable",
    "ModelTagTable",
    "TestCaseTable",
    "TestCaseVersionTable",
    "TestRunTable",
    "TestSuiteTable",
    "TestSuiteTagTable",
    "TestSuiteVersionTable",
    "WorkflowTable",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kolena_local.repository import tables

    return getattr(tables, name)
