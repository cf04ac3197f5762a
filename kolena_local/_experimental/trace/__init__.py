"""Record the calls of a function as datapoints and results."""

from kolena_local._experimental.trace.trace import kolena_trace

__all__ = ["kolena_trace"]
