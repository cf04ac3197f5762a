"""A module that cannot be imported here."""

raise OSError("no GPU")
