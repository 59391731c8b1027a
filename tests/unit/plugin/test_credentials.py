"""What an Airflow connection gives a source's server to see."""

import base64
from typing import Any

import pytest

from csvdynamo_airflow.source.credentials import Credentials, CredentialsError

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("login", "password", "extra", "headers"),
    [
        ("jo", SECRET, {}, {"Authorization": "Basic " + base64.b64encode(b"jo:hunter2").decode()}),
        ("jö", None, None, {"Authorization": "Basic " + base64.b64encode("jö:".encode()).decode()}),
        (None, SECRET, [], {"Authorization": "Basic " + base64.b64encode(b":hunter2").decode()}),
        (None, None, {"token": SECRET, "other": 1}, {"Authorization": "Bearer hunter2"}),
        (
            "",
            "",
            {"headers": {"X-App-Token": SECRET, "Cookie": "a=b; c=d"}},
            {"X-App-Token": SECRET, "Cookie": "a=b; c=d"},
        ),
    ],
)
def test_login_token_or_headers_become_headers(login: Any, password: Any, extra: Any, headers: dict[str, str]) -> None:
    credentials = Credentials.of("cars", login, password, extra)

    assert credentials.headers == headers
    assert not any(value in repr(credentials) for value in headers.values())


@pytest.mark.parametrize(
    ("login", "extra", "told"),
    [
        (None, None, "has no way to say who asks"),
        (None, {}, "has no way to say who asks"),
        ("jo", {"token": SECRET}, "has more than one way"),
        (None, {"token": SECRET, "headers": {"A": "b"}}, "has more than one way"),
        (None, {"token": ""}, "what is no header"),
        (None, {"token": {"a": SECRET}, "headers": None}, "what is no header"),
        (None, {"token": f"{SECRET}\r\nHost: evil.net"}, "what is no header"),
        (None, {"headers": SECRET}, "what is no header"),
        (None, {"headers": {"Range": SECRET}}, "what is no header"),
        (None, {"headers": {"host": SECRET}}, "what is no header"),
        (None, {"headers": {"A": f"{SECRET}\n"}}, "what is no header"),
        (None, {"headers": {"A": 1}}, "what is no header"),
        (None, {"headers": {f"A: {SECRET}": "b"}}, "what is no header"),
        (None, {"headers": {"A": "\u0142"}}, "what is no header"),
    ],
)
def test_what_is_none_of_a_source_is_refused_and_not_repeated(login: Any, extra: Any, told: str) -> None:
    with pytest.raises(CredentialsError, match=told) as refusal:
        Credentials.of("cars", login, None, extra)

    assert "Airflow connection 'cars'" in str(refusal.value)
    assert SECRET not in str(refusal.value)
