"""What a model's code and environment were, captured once and without secrets.

:func:`capture` returns it, and ``Model(…, provenance=…)`` stores it. Captured are Python, the
operating system, the machine, a hash of the host's name, the git commit of the calling code, the
versions of imported packages, the hash of a lock file, and seeds. Never captured are environment
variables, command lines, the text of a diff, remote URLs, user names and paths.
"""

from kolena_local.provenance.capture import Provenance, capture
from kolena_local.provenance.difference import Difference, diff

__all__ = ["Difference", "Provenance", "capture", "diff"]
