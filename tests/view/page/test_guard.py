"""Nobody gets into the page without having been invited, on any route."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import Barrier
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kolena_local.view.html import TEMPLATES
from kolena_local.view.page.app import create_app
from kolena_local.view.page.settings import Settings
from tests.conftest import sampled
from tests.view.hostile import LONG, MARKUP, NAME, check_harmless
from tests.view.page.routes import EXAMPLES, Example
from tests.view.page.visitors import HERE, ORIGIN, SAME, check_headers, client_of, invited


@pytest.fixture
def settings(hostile_store: Path) -> Settings:
    return Settings(str(hostile_store), "127.0.0.1", 8123)


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings)


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """Return a client that knows the port, and no more."""
    return client_of(app)


@pytest.fixture
def guest(app: Flask, settings: Settings) -> FlaskClient:
    """Return a client that opened the printed address."""
    return invited(app, settings)


def requests(app: Flask) -> Iterator[Tuple[str, str, Example]]:
    """Yield the method and address of everything that the application does."""
    rules = list(app.url_map.iter_rules())
    missing = {rule.endpoint for rule in rules} - set(EXAMPLES)
    assert not missing, "these need an example in tests/view/page/routes.py"
    adapter = app.url_map.bind(HERE)
    for rule in rules:
        assert rule.methods is not None
        for method in sorted({"GET", "POST"} & rule.methods):
            for example in EXAMPLES[rule.endpoint]:
                yield method, adapter.build(rule.endpoint, example.values, method=method), example


def everything(app: Flask) -> List[Tuple[str, str]]:
    """Return all requests, some to routes that do not exist and with methods that none has."""
    known = [(method, address) for method, address, _ in requests(app)]
    methods = ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
    return [
        *known,
        *(("GET", address) for address in ("/nothing", "/static/x", "//models", "/.git", "/%00")),
        *((method, "/models") for method in methods),
    ]


def check_refused(answer: TestResponse, status: int) -> None:
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text
    for secret in ("script", "fresh.db", "nav", "Models", "style.css", NAME[:8]):
        assert secret not in text
    assert "Set-Cookie" not in answer.headers and "Location" not in answer.headers
    check_headers(answer)


def test_a_stranger_learns_nothing_from_any_address(app: Flask, stranger: FlaskClient) -> None:
    for method, address in everything(app):
        check_refused(stranger.open(address, method=method, headers=SAME), 403)


@pytest.mark.parametrize(
    "host",
    sampled(
        [
            "attacker.example:8123",
            "localhost:8123",
            "127.0.0.1",
            "127.0.0.1:8124",
            "127.0.0.1.:8123",
            "127.0.0.1:8123.",
            "127.0.0.1:08123",
            "127.1:8123",
            "2130706433:8123",
            "[::1]:8123",
            "[::ffff:127.0.0.1]:8123",
            "user@127.0.0.1:8123",
            "127.0.0.1:8123, attacker.example",
            "attacker.example, 127.0.0.1:8123",
            " 127.0.0.1:8123 x",
            "[",
            "",
        ]
    ),
)
def test_a_name_that_leads_here_is_refused_even_with_the_cookie(
    app: Flask, guest: FlaskClient, settings: Settings, host: str
) -> None:
    for method, address in everything(app):
        check_refused(guest.open(address, method=method, headers={"Host": host, **SAME}), 400)
    for header in ("X-Forwarded-Host", "X-Host", "Forwarded"):
        answer = guest.get("/models", headers={"Host": host, header: f"host={HERE}"})
        check_refused(answer, 400)


def test_what_a_proxy_would_say_changes_nothing(guest: FlaskClient) -> None:
    forged = {
        "X-Forwarded-Host": "attacker.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/x",
        "X-Original-URL": "/model",
        "Forwarded": "host=attacker.example",
    }
    answer = guest.get("/", headers=forged)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/models")
    assert "attacker" not in guest.get("/models", headers=forged).get_data(as_text=True)


def test_upper_case_and_ipv6_hosts_are_known_as_browsers_write_them(settings: Settings) -> None:
    for host, port, expected in (
        ("MyBox.Local", 8123, "mybox.local:8123"),
        ("::1", 8123, "[::1]:8123"),
        ("127.0.0.1", 80, "127.0.0.1"),
    ):
        wanted = Settings(settings.location, host, port)
        assert wanted.address.startswith(f"http://{expected}/?token=")
        answer = (
            create_app(wanted)
            .test_client()
            .get(f"/?token={wanted.token}", headers={"Host": expected})
        )
        assert answer.status_code == 303


def test_the_printed_address_works_once(
    app: Flask, settings: Settings, stranger: FlaskClient
) -> None:
    token = settings.token
    assert token is not None and len(token) >= 43
    for wrong in ("", "x", token[:-1], f"{token}x", token.upper(), "ü", "\x00", "%ff", LONG):
        check_refused(stranger.get("/", query_string={"token": wrong}), 403)
    # Whatever looks at an address before a person does must not use it up.
    check_refused(stranger.head("/", query_string={"token": token}), 403)
    check_refused(stranger.get("/models", query_string={"token": token}), 403)
    check_refused(stranger.post("/", query_string={"token": token}, headers=SAME), 403)

    answer = stranger.get("/", query_string={"token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    check_headers(answer)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("kolena_local_8123=") and token not in cookie
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict"]
    assert settings.secret not in str(settings) and token not in str(settings)
    stranger.environ_base["HTTP_COOKIE"] = cookie.partition(";")[0]
    assert stranger.get("/models").status_code == 200

    check_refused(client_of(app).get("/", query_string={"token": token}), 403)
    # The same browser goes on, as when the printed address is clicked again.
    assert stranger.get("/", query_string={"token": token}).status_code == 303


def test_of_two_that_open_the_address_at_once_one_gets_in(app: Flask, settings: Settings) -> None:
    token, start = settings.token, Barrier(8)

    def open_it(_: int) -> int:
        client = client_of(app)
        start.wait()
        return client.get("/", query_string={"token": token}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(open_it, range(8))) == [303, *[403] * 7]


def test_only_the_exact_cookie_gets_in(
    app: Flask, settings: Settings, stranger: FlaskClient
) -> None:
    name, secret = "kolena_local_8123", settings.secret
    for cookie in (
        f"{name}=",
        f"{name}={secret[:-1]}",
        f"{name}={secret}x",
        f"{name}={settings.token}",
        f"{name}=\xff",
        f"{name.upper()}={secret}",
        f"kolena_local_8124={secret}",
        f"kolena_local={secret}",
        f"{name}={secret}, {name}={secret}",
        secret,
    ):
        check_refused(stranger.get("/models", headers={"Cookie": cookie}), 403)
    # A program on another port of this machine has set one of the same name for a longer path.
    tossed = {"Cookie": f"{name}=x; {name}={secret}"}
    assert stranger.get("/models", headers=tossed).status_code == 200


@pytest.mark.parametrize(
    "headers",
    sampled(
        [
            {},
            {"Sec-Fetch-Site": "same-site"},  # a page on another port of this machine
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": ""},
            {"Sec-Fetch-Site": "Same-Origin"},
            {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
            {"Origin": "null"},
            {"Origin": ""},
            {"Origin": "http://127.0.0.1:8124"},
            {"Origin": "http://127.0.0.1"},
            {"Origin": "https://127.0.0.1:8123"},
            {"Origin": f"{ORIGIN}.attacker.example"},
            {"Origin": "http://localhost:8123"},
            {"Referer": f"{ORIGIN}/models"},
        ],
        2,
    ),
    ids=str,
)
def test_a_form_from_another_page_changes_nothing(
    app: Flask, guest: FlaskClient, settings: Settings, headers: Dict[str, str]
) -> None:
    before = Path(settings.location).read_bytes()
    for method, address, example in requests(app):
        if method == "POST":
            check_refused(guest.post(address, data=example.form, headers=headers), 403)
    check_refused(guest.post("/models", headers=headers), 403)
    assert Path(settings.location).read_bytes() == before


def test_another_page_can_neither_embed_nor_fetch_a_page(app: Flask, guest: FlaskClient) -> None:
    sites = ("same-site", "cross-site", "", "unknown")
    uses = (
        ("no-cors", "image"),
        ("no-cors", "script"),
        ("no-cors", "style"),
        ("cors", "empty"),
        ("navigate", "iframe"),
        ("navigate", "object"),
    )
    for site, (mode, destination) in sampled(product(sites, uses), 5):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
        for method, address, _ in requests(app):
            if method == "GET":
                check_refused(guest.get(address, headers=headers), 403)
    link = {
        "Sec-Fetch-Site": "same-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert guest.get("/models", headers=link).status_code == 200


def test_only_get_reads_and_only_post_changes(app: Flask, guest: FlaskClient) -> None:
    for method in ("OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "CONNECT"):
        for address in ("/models", "/nothing"):
            check_refused(guest.open(address, method=method, headers=SAME), 405)
    for overriding in (
        {"headers": {"X-HTTP-Method-Override": "DELETE", **SAME}},
        {"query_string": {"_method": "POST"}},
    ):
        assert guest.get("/models", **overriding).status_code == 200  # type: ignore[arg-type]
    answer = guest.head("/models")
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_page_that_is_read_only_takes_no_form(settings: Settings) -> None:
    settings.read_only = True
    app = create_app(settings)
    client = invited(app, settings)
    before = Path(settings.location).read_bytes()
    for method, address, example in requests(app):
        if method == "POST":
            answer = client.post(address, data=example.form, headers=SAME)
            check_refused(answer, 403)
            assert "--read-only" in answer.get_data(as_text=True)
        else:
            assert client.get(address).status_code in (example.status, 403)
    check_refused(client.post("/nothing", headers=SAME), 403)
    assert Path(settings.location).read_bytes() == before


def test_nothing_in_a_store_runs_or_hides_on_any_page(app: Flask, guest: FlaskClient) -> None:
    for method, address, example in requests(app):
        if method == "GET":
            answer = guest.get(address, headers=SAME)
            assert answer.status_code == example.status, (address, answer.get_data(as_text=True))
            check_headers(answer)
            if answer.mimetype == "text/html" and answer.status_code == 200:
                text = answer.get_data(as_text=True)
                assert MARKUP not in text
                check_harmless(text)


def test_nothing_in_an_address_or_a_form_runs_or_hides(app: Flask, guest: FlaskClient) -> None:
    texts = (NAME, "javascript:alert(1)", LONG, "a\x00b", "\ufffd", "")
    # Every fifth of six: each request meets one text at least, and each text some requests.
    for (method, address, example), hostile in sampled(product(requests(app), texts), 5):
        given: Dict[str, Any] = dict.fromkeys({*example.values, *example.form, "q"}, hostile)
        if method == "GET":
            path = address.partition("?")[0]
            answer = guest.get(path, query_string=given, headers=SAME)
        else:
            answer = guest.post(address, data=given, headers=SAME)
        assert answer.status_code < 500, (address, hostile)
        check_headers(answer)
        assert "\n" not in answer.headers.get("Location", "")
        if answer.mimetype == "text/html":
            check_harmless(answer.get_data(as_text=True))


def test_what_nobody_asked_for_in_an_address_neither_breaks_a_page_nor_changes_its_links(
    app: Flask, guest: FlaskClient
) -> None:
    odd = {"endpoint": "x", "_scheme": "javascript", "_external": 1, "_method": "x", "run": "²"}
    for method, address, example in requests(app):
        if method == "GET":
            path, _, query = address.partition("?")
            given = {"place": 1, **odd, **example.values}
            answer = guest.get(path, query_string=given, headers=SAME)
            assert answer.status_code == example.status, (path, query)
            if answer.mimetype == "text/html":
                check_harmless(answer.get_data(as_text=True))


def test_no_template_can_switch_escaping_off() -> None:
    templates = list(TEMPLATES.rglob("*.html"))
    assert len(templates) > 5
    for template in templates:
        text = template.read_text("utf-8")
        for words in (
            "|safe ",
            "| safe ",
            "|safe}",
            "autoescape",
            "<script",
            " style=",
            "javascript:",
        ):
            assert words not in text, template
