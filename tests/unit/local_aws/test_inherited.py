"""What of a person's shell reaches a program that works on the embedded AWS."""

import re
import urllib.request
from pathlib import Path

import ministack
import pytest

from local_aws.inherited import NO_ACCOUNT, from_shell

# Read by MiniStack, and no settings of it: the machine's, and what a state machine's Lambda process is told.
_NO_SETTINGS = {"HOSTNAME", "PATH", "TMPDIR", "__DEPTH_ENV__"}
_ALWAYS = {**NO_ACCOUNT, "PYTHONUTF8": "1"}


@pytest.mark.parametrize(
    "name",
    [
        *("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "aws_ca_bundle"),
        *("AWS_USE_FIPS_ENDPOINT", "AWS_CA_BUNDLE", "AMAZON_ACCESS_KEY_ID", "AIRFLOW_HOME", "AIRFLOW_CONN_AWS_DEFAULT"),
        *("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "CDK_PROFILE", "CDK_DEFAULT_ACCOUNT", "JSII_NODE", "NODE_OPTIONS"),
        *("NODE_EXTRA_CA_CERTS", "PYTHONPATH", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "FORCE_COLOR"),
    ],
)
def test_what_would_lead_a_tool_elsewhere_is_left_behind(name: str) -> None:
    assert from_shell({name: "x"}) == _ALWAYS


def test_the_files_of_a_persons_own_accounts_are_not_read() -> None:
    kept = from_shell({"AWS_CONFIG_FILE": "/home/me/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "/home/me/keys"})

    assert kept["AWS_CONFIG_FILE"] == kept["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_what_a_person_has_for_every_program_stays() -> None:
    own = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "TMPDIR": "/my tmp",
        "LC_ALL": "C",
        "REQUESTS_CA_BUNDLE": "/company.pem",
        "CSVDYNAMO_DATASETS": "/data sets",
        "LOCAL_AWS_MAP_WORKERS": "4",
        "PYTHONUNBUFFERED": "1",
    }

    assert from_shell(own) == own | _ALWAYS


def test_every_setting_of_ministack_is_left_behind() -> None:
    """A shell's ``AUTH``, ``USE_SSL`` or ``SERVICES`` is for something else; a later MiniStack may read more."""
    read = re.compile(r"""(?:environ(?:\.get\(|\.setdefault\(|\[)|getenv\()\s*["'](\w+)["']""")
    sources = Path(ministack.__file__).parent.rglob("*.py")
    names = {name for source in sources for name in read.findall(source.read_text(encoding="utf-8"))}

    assert len(names) > 80
    assert set(from_shell(dict.fromkeys(names, "x"))) - set(_ALWAYS) <= _NO_SETTINGS


@pytest.mark.parametrize("proxy", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"])
@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "inner.example"}, "127.0.0.1,localhost,inner.example"),
        ({"no_proxy": " a.example , localhost", "NO_PROXY": "b.example"}, "127.0.0.1,localhost,a.example"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_this_machine_is_asked_without_a_proxy_and_others_as_the_person_said(
    proxy: str, said: dict[str, str], asked: str
) -> None:
    kept = from_shell({proxy: "http://proxy.example:3128", **said})

    assert kept[proxy] == "http://proxy.example:3128"
    assert (kept["NO_PROXY"], kept["no_proxy"]) == (asked, asked)
    assert from_shell(kept) == kept


def test_without_a_proxy_none_is_said_to_be_bypassed() -> None:
    """On macOS and Windows the variable alone would hide the system's own proxies."""
    assert from_shell({"NO_PROXY": "inner.example", "https_proxy": ""}) == _ALWAYS | {
        "NO_PROXY": "inner.example",
        "https_proxy": "",
    }


def test_python_heeds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in from_shell({"http_proxy": "http://proxy.example:3128", "NO_PROXY": "inner.example"}).items():
        monkeypatch.setenv(name, value)

    assert urllib.request.getproxies()["http"] == "http://proxy.example:3128"
    assert all(map(urllib.request.proxy_bypass, ["127.0.0.1:4566", "localhost", "inner.example"]))
    assert not urllib.request.proxy_bypass("data.wa.gov")


@pytest.mark.parametrize("name", ["ALL_PROXY", "https_proxy"])
def test_a_socks_proxy_is_left_behind_because_no_client_here_speaks_it(name: str) -> None:
    assert from_shell({name: "socks5h://127.0.0.1:1080"}) == _ALWAYS
