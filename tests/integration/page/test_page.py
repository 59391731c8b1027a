"""The Migrations page's own tests, its types, and the bundle that Airflow's UI loads."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from commands.project import ROOT
from csvdynamo_airflow.web import mounted

PAGE = ROOT / "page"


def npm(*arguments: str) -> str:
    """Run a script of page/package.json with the Node of the environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["npm", "--prefix", str(PAGE), "run", "--silent", *arguments],
        env={**os.environ, "PATH": path, "NODE_DISABLE_COMPILE_CACHE": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_what_the_page_computes_is_right() -> None:
    assert re.search(r"Tests +\d{2,} passed", npm("test"))


def test_a_bundle_is_loaded_with_what_airflow_has_and_brings_no_react_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm("build", "--", "--outDir", str(tmp_path), "--emptyOutDir")
    [bundle] = tmp_path.iterdir()
    text = bundle.read_text(encoding="utf-8")

    assert bundle.name == mounted.BUNDLE.name
    asked = set(re.findall(r"require\(`([^`]+)`\)|require\(\"([^\"]+)\"\)", text))
    assert {one or other for one, other in asked} == {"react", "react-dom", "react-router-dom", "react/jsx-runtime"}
    assert "AirflowPlugin" in text
    assert "__SECRET_INTERNALS" not in text
    monkeypatch.setattr(mounted, "BUNDLE", bundle)
    menu, tab = mounted.react_apps()
    assert (menu["destination"], tab["destination"]) == ("nav", "dag_run")
    assert menu["bundle_url"] == tab["bundle_url"]
    assert re.fullmatch(r"csvdynamo/page/main\.umd\.js\?v=[0-9a-f]{12}", menu["bundle_url"])


def test_without_a_bundle_airflow_has_the_routes_and_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounted, "BUNDLE", tmp_path / "main.umd.js")

    assert mounted.react_apps() == []
    [routes] = mounted.fastapi_apps()
    assert routes["url_prefix"] == "/csvdynamo"


def test_an_airflow_that_lacks_what_the_routes_need_has_none_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import csvdynamo_airflow.web.app

    def fail(_: Path) -> None:
        raise ImportError("no such module in this Airflow")

    monkeypatch.setattr(csvdynamo_airflow.web.app, "make_app", fail)

    assert mounted.fastapi_apps() == []
