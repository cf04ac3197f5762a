"""Every kind of link on the page leads somewhere."""

from __future__ import annotations

import html
import re
from collections import Counter, deque
from typing import Deque, Tuple
from urllib.parse import parse_qsl, urlsplit

from flask.testing import FlaskClient

from tests.conftest import IS_LONG

_EACH = 2 if IS_LONG else 1
"""How many links with the same path and parameters are followed: there are thousands of samples."""


def test_links_lead_somewhere(client: FlaskClient) -> None:
    followed: Counter[Tuple[str, ...]] = Counter()
    waiting: Deque[Tuple[str, str]] = deque([("/", "the address bar")])
    broken = []
    while waiting:
        address, page = waiting.popleft()
        answer = client.get(address)
        if answer.status_code not in (200, 303):
            broken.append((address, page, answer.status_code))
        if not answer.content_type.startswith("text/html"):
            continue
        for found in re.findall(r'<(?:a|img)[^>]* (?:href|src)="([^"]*)"', answer.text):
            link = urlsplit(html.unescape(found))
            names = sorted({name for name, _ in parse_qsl(link.query)})
            kind = (link.path, *names)
            if link.netloc or not link.path or followed[kind] >= _EACH:
                continue
            followed[kind] += 1
            waiting.append((f"{link.path}?{link.query}", address))
    assert broken == []
    assert len(followed) > 20
