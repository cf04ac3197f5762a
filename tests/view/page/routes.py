"""What to ask each route of the page for, so that tests can walk all of them.

A test fails for a route that is not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List

from tests.view.hostile import NAME


@dataclass(frozen=True)
class Example:
    """A request that a route answers about the hostile store.

    Attributes:
        values: the parameters of its address.
        form: what it is sent, if it takes a form.
        status: the status of the answer to GET.
    """

    values: Dict[str, Any] = field(default_factory=dict)
    form: Dict[str, Any] = field(default_factory=dict)
    status: int = 200


_OTHER = f"{NAME} 2"
_NAMED = Example({"name": NAME})
_BOTH = {"suite": NAME, "model": NAME, "base": _OTHER}
_PAIR = {"suite": NAME, "base": NAME, "candidate": _OTHER}
_CHANGED = Example(form={"name": NAME, "uid": "1", "seen": "x", "new_name": NAME, "typed": NAME})
EXAMPLES: Dict[str, List[Example]] = {
    "start.index": [Example(status=303)],
    "start.style": [Example()],
    "models.index": [Example(), Example({"search": NAME, "sort": NAME})],
    "models.show": [_NAMED],
    "samples.index": [
        Example(),
        Example(_BOTH),
        Example({"test_case": NAME, "model": NAME, "where": 'sample.locator != "a"'}),
    ],
    "samples.show": [Example({**_BOTH, "place": place}) for place in range(7)],
    "samples.save": [Example(form={**_BOTH, "where": "metadata.x > 1", "name": NAME})],
    "images.show": [Example({"sample": 1}, status=404)],
}
