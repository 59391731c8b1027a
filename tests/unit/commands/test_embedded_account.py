"""An account is bootstrapped once for the same CDK CLI and the same embedded AWS, and for no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from commands import embedded_account, kept
from commands.cdk_cli import Assembly
from commands.embedded_account import bootstrapped_account


class Account:
    """A checkout, and how often an account was bootstrapped for it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bootstrapped: list[str] = []
        self.fails = False
        for name in ("package-lock.json", "local_aws/server.py", "local_aws/door/guard.py"):
            self.write(name, "1")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @contextmanager
    def serve(self, *, leave_state: Path) -> Iterator[SimpleNamespace]:
        """What the embedded AWS does: it writes its state once it is stopped."""
        yield SimpleNamespace(environment={"AWS_ENDPOINT_URL": "http://embedded"})
        leave_state.mkdir()
        (leave_state / "iam.json").write_text(str(len(self.bootstrapped)), encoding="utf-8")

    def bootstrap(self, environment: dict[str, str]) -> None:
        if self.fails:
            raise SystemExit("cdk bootstrap failed")
        self.bootstrapped.append(environment["AWS_ENDPOINT_URL"])

    def found(self) -> str:
        return (bootstrapped_account(Assembly(self.root)) / "iam.json").read_text(encoding="utf-8")


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account(tmp_path / "checkout")
    monkeypatch.setattr(embedded_account, "ROOT", made.root)
    monkeypatch.setattr(embedded_account, "_SERVER", made.root / "local_aws")
    monkeypatch.setattr(embedded_account, "LocalAws", made.serve)
    monkeypatch.setattr(Assembly, "bootstrap", made.bootstrap)
    monkeypatch.setenv(kept.KEPT, str(tmp_path / "kept"))
    return made


def test_it_is_bootstrapped_once_by_the_embedded_aws_whose_state_is_kept(account: Account) -> None:
    first = account.found()
    account.write("local_aws/__pycache__/server.pyc", "what Python left")

    assert (first, account.found(), account.bootstrapped) == ("1", "1", ["http://embedded"])


@pytest.mark.parametrize("changed", ["package-lock.json", "local_aws/door/guard.py", "local_aws/new.py"])
def test_another_cdk_cli_or_another_embedded_aws_has_one_of_its_own(account: Account, changed: str) -> None:
    account.found()
    account.write(changed, "2")

    assert account.found() == "2"


def test_another_version_of_ministack_has_one_of_its_own(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.found()
    monkeypatch.setattr(kept.metadata, "version", lambda package: f"another {package}")

    assert account.found() == "2"


def test_a_bootstrap_that_failed_leaves_nothing(account: Account, tmp_path: Path) -> None:
    account.fails = True
    with pytest.raises(SystemExit):
        account.found()
    assert list((tmp_path / "kept" / "account").iterdir()) == []

    account.fails = False

    assert account.found() == "1"
