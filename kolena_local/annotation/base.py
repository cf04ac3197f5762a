"""The base of all annotations."""

from kolena_local.serialization.classes import ABSTRACT
from kolena_local.serialization.data_object import DataObject


class Annotation(DataObject):
    """The base of all annotations; use one of its subclasses."""

    _data_type = ABSTRACT
