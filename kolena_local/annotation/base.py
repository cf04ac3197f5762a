"""The base of all annotations."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from kolena_local.serialization.data_object import DataObject


class Annotation(DataObject):
    """The base of all annotations; use one of its subclasses."""

    # Abstract, so that Python itself refuses a bare Annotation; in subclasses _type_name is enough,
    # which type checkers cannot know.
    if not TYPE_CHECKING:

        @classmethod
        @abstractmethod
        def _data_type(cls) -> str: ...
