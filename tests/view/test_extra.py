"""Without the extra, a sentence names it."""

from __future__ import annotations

import pytest

from kolena_local.errors import MissingExtraError
from kolena_local.view.extra import from_extra


def test_a_package_that_is_not_installed_is_named_with_the_extra() -> None:
    expected = "Pages need not_there, which is not installed; run: pip install 'kolena-local[view]'"
    with pytest.raises(MissingExtraError) as raised, from_extra("Pages"):
        import not_there.part  # type: ignore[import-not-found]  # noqa: F401
    assert str(raised.value) == expected
