"""Whatever goes wrong, a page says so in a sentence, and shows no more than that."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from flask import request
from flask.testing import FlaskClient

from kolena_local.errors import StoreBusyError
from kolena_local.repository import open_store
from kolena_local.view.html import moment
from kolena_local.view.page.app import create_app
from kolena_local.view.page.downloads import attachment
from kolena_local.view.page.settings import Settings
from kolena_local.view.page.store import reading
from tests.view.page.visitors import SAME, check_headers, invited


@pytest.fixture
def settings(hostile_store: Path) -> Settings:
    return Settings(str(hostile_store), "127.0.0.1", 8123)


def with_route(settings: Settings, view: Callable[[], Any]) -> FlaskClient:
    """Return a client of a page that has one route more, ``/route``."""
    app = create_app(settings)
    app.add_url_rule("/route", view_func=view, methods=["GET", "POST"])
    return invited(app, settings)


def test_a_form_that_is_too_large_is_refused_with_a_sentence(settings: Settings) -> None:
    def form() -> str:
        return str(len(request.form))

    guest = with_route(settings, form)
    for data in ({"text": "x" * 2**21}, {str(number): "x" * 9 for number in range(100_000)}):
        answer = guest.post("/route", data=data, headers=SAME)
        assert answer.status_code == 413
        assert "The form holds more than 1 MiB; nothing was changed." in answer.text
        check_headers(answer)
    assert guest.post("/route", data={"text": "x" * 2**19}, headers=SAME).text == "1"


def test_a_query_that_runs_too_long_is_ended_with_a_sentence(settings: Settings) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"

    def slow() -> str:
        with reading() as unit:
            return str(unit._sql.value(endless))

    guest = with_route(settings, slow)
    settings.seconds = 0.05
    answer = guest.get("/route")
    assert answer.status_code == 503
    assert "needs too long for this; ask for less" in answer.text
    check_headers(answer)
    settings.seconds = 60.0
    assert guest.get("/models").status_code == 200
    with open_store(settings.location).read() as unit:  # the limit was for that page only
        assert unit.query("SELECT count(*) FROM model", {}).rows == [(2,)]


def test_a_bug_shows_no_traceback_and_still_has_all_headers(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def bug() -> str:
        raise ZeroDivisionError("secret detail")

    guest = with_route(settings, bug)
    answer = guest.get("/route")
    assert answer.status_code == 500
    assert "This is a bug, or the store is damaged" in answer.text
    assert "secret" not in answer.text and "Traceback" not in answer.text
    check_headers(answer)
    assert "secret detail" in caplog.text  # for the one who started it


def test_a_store_that_vanished_is_a_sentence(settings: Settings) -> None:
    guest = invited(create_app(settings), settings)
    path = Path(settings.location)
    content = path.read_bytes()
    for replace, words in (
        (lambda: path.unlink(), "There is no store"),
        (lambda: path.write_bytes(b"not a database at all" * 99), "is not a store"),
    ):
        replace()
        answer = guest.get("/models")
        assert answer.status_code == 503 and words in answer.text
        check_headers(answer)
    path.unlink()
    path.write_bytes(content)
    assert guest.get("/models").status_code == 200


def test_what_was_typed_can_be_sent_again_when_the_store_was_busy(settings: Settings) -> None:
    def busy() -> str:
        raise StoreBusyError("The store is locked by another process.")

    guest = with_route(settings, busy)
    typed = {"a": 'two\nlines & "more"', "b": "1"}
    answer = guest.post("/route?x=1", data=typed, headers=SAME)
    assert answer.status_code == 503
    assert "The store is locked by another process." in answer.text
    assert 'name="a" value="two\nlines &amp; &#34;more&#34;"' in answer.text
    assert " action=" not in answer.text


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("guesses.csv", "guesses.csv"),
        ("../../etc/passwd", "etc_passwd"),
        ('a"; filename="evil.exe', "a_filename_evil.exe"),
        ("a\r\nSet-Cookie: x=1", "a_Set-Cookie_x_1"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\x00b.csv", "a_b.csv"),
        (".bashrc", "bashrc"),
        ("<script>.html", "script_.html"),
        ("x" * 10_000 + ".csv", "x" * 76 + ".csv"),
        ("..", "download"),
        ("", "download"),
    ],
)
def test_a_download_is_saved_and_has_a_harmless_name(
    settings: Settings, name: str, saved: str
) -> None:
    guest = with_route(settings, lambda: attachment(name, "<script>", "text/html"))
    answer = guest.get("/route")
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{saved}"
    assert "Set-Cookie" not in answer.headers
    check_headers(answer)


def test_a_download_keeps_letters_of_all_languages(settings: Settings) -> None:
    guest = with_route(settings, lambda: attachment("naïve 漢字.csv", "", "text/csv"))
    assert guest.get("/route").headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''na%C3%AFve_%E6%BC%A2%E5%AD%97.csv"
    )


def test_a_time_that_something_else_wrote_hides_nothing(settings: Settings) -> None:
    guest = with_route(settings, lambda: str(moment("a\x00\u202eb")))
    assert guest.get("/route").text.startswith(r'<time datetime="a\x00\u202eb">')
