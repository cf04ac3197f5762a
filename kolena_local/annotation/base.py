"""The base of all annotations."""

from abc import abstractmethod

from kolena_local.serialization.data_object import DataObject, data_object


@data_object
class Annotation(DataObject):
    """The base of all annotations; use one of its subclasses."""

    # Abstract, so that Python itself refuses a bare Annotation, at no cost to its subclasses.
    @classmethod
    @abstractmethod
    def _data_type(cls) -> str: ...
