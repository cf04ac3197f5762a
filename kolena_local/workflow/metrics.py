"""The metrics under the import path that workflow scripts use; see :mod:`kolena_local.metrics`."""

from kolena_local.metrics import *  # noqa: F403
from kolena_local.metrics import __all__ as __all__
