"""Every exception that the package raises on purpose, and its category of warnings.

Each leaf also inherits the builtin that people already catch, so that ``except ValueError`` and
``except OSError`` go on working in scripts that know nothing of this module. Messages are composed
where the error is raised; this module holds no texts and maps no foreign errors.

::

    KolenaError (Exception)
    ├── InputValidationError (ValueError)
    │   └── DuplicateDatapointIdError
    ├── IncorrectUsageError (RuntimeError)
    ├── MissingExtraError (ImportError)             a package of an extra is not installed
    ├── InvalidTokenError (ValueError)
    ├── InvalidClientStateError (RuntimeError)
    ├── MissingTokenError (KeyError)
    ├── DirectInstantiationError (RuntimeError)
    ├── FrozenObjectError (RuntimeError)
    ├── UnauthenticatedError (OSError)
    ├── RemoteError (OSError)                      the store refused
    │   ├── NotFoundError                          no such model, test case, test suite …
    │   ├── NameConflictError                      the name or the version is taken
    │   └── StoreError                             the file cannot be used
    │       ├── StoreNotFoundError (NotFoundError, FileNotFoundError)
    │       ├── NotAStoreError
    │       ├── StoreNewerError
    │       ├── StoreBusyError
    │       ├── StoreReadOnlyError (PermissionError)
    │       ├── StoreDamagedError
    │       └── StoreFullError
    ├── CustomMetricsException
    └── WorkflowMismatchError

    KolenaWarning (UserWarning)                    not done, or not all of it
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any


class KolenaError(Exception):
    """The root: ``except KolenaError`` catches everything that this package raises on purpose."""


class InputValidationError(ValueError, KolenaError):
    """An argument has the right type but a value that cannot be used."""


class DuplicateDatapointIdError(InputValidationError):
    """Rows that must be told apart by their id fields are not unique.

    Attributes:
        duplicate_ids: the first distinct id records that occur more than once.
    """

    def __init__(self, *args: object, duplicate_ids: list[dict[str, Any]]) -> None:
        super().__init__(*args)
        self.duplicate_ids = duplicate_ids

    def __reduce__(self) -> tuple[Callable[..., DuplicateDatapointIdError], tuple[Any, ...]]:
        # Exceptions are pickled by position; a required keyword would be lost between processes.
        return partial(type(self), duplicate_ids=self.duplicate_ids), self.args


class IncorrectUsageError(RuntimeError, KolenaError):
    """The call is not valid at this point, or with this combination of arguments."""


class MissingExtraError(ImportError, KolenaError):
    """What was asked for needs packages that an extra of this package installs."""


class InvalidTokenError(ValueError, KolenaError):
    """Kept for ``except`` lines of existing scripts: a local store needs no token."""


class InvalidClientStateError(RuntimeError, KolenaError):
    """The library is in a state in which the call cannot be answered."""


class MissingTokenError(KeyError, KolenaError):
    """Kept for ``except`` lines of existing scripts: a local store needs no token."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which would put the sentence in quotation marks.
        return Exception.__str__(self)


class DirectInstantiationError(RuntimeError, KolenaError):
    """A class was instantiated that is only ever made by the library."""


class FrozenObjectError(RuntimeError, KolenaError):
    """An attribute of a model, test case, test suite or test run was set."""


class UnauthenticatedError(OSError, KolenaError):
    """Kept for ``except`` lines of existing scripts: a local store has no accounts."""


class RemoteError(OSError, KolenaError):
    """The store refused a request; the base of all errors of storage."""


class NotFoundError(RemoteError):
    """The store has no object of that name, id or version."""


class NameConflictError(RemoteError):
    """The name is taken, or someone else created a newer version in the meantime."""


class StoreError(RemoteError):
    """The store's file could not be used; the leaves say why."""


class StoreNotFoundError(StoreError, NotFoundError, FileNotFoundError):
    """There is no file (or no folder for it) where the store should be, so it has no object."""


class NotAStoreError(StoreError):
    """The file exists but is not a store of this package; it was left as it was."""


class StoreNewerError(StoreError):
    """The file was written by a newer version of this package; it was left as it was."""


class StoreBusyError(StoreError):
    """Another process kept the store locked for longer than the waiting time."""


class StoreReadOnlyError(StoreError, PermissionError):
    """The store can be read but not be written."""


class StoreDamagedError(StoreError):
    """SQLite found the file damaged, or could not read it from the disk."""


class StoreFullError(StoreError):
    """The disk is full."""


class CustomMetricsException(KolenaError):
    """A metric of the user's own could not be computed."""


class WorkflowMismatchError(KolenaError):
    """The object belongs to another workflow."""


class KolenaWarning(UserWarning):
    """Something that the caller asked for was not done, or not all of it.

    Python shows it once for each line that causes it. ``warnings.filterwarnings`` hides it or, with
    ``"error"``, turns it into an exception; nothing is stored then.
    """
