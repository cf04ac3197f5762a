"""``python -m kolena_local`` is the command ``kolena-local``."""

from kolena_local.cli import main

main()
