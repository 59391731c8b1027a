"""The secret scan of `make lint`, on checkouts of its own. The secrets are put together here, or it would find them."""

import subprocess
from pathlib import Path

import pytest

from commands.audit_allowances import NotASecret
from commands.secret_scan import NotACheckoutError, checkout_files, find_secrets

AWS_KEY_ID = "AKIA" + "Q3EGZKLVTN7WXD5R"
ACCESS = "/".join(["wJalr", "XUtnF", "EMIK7", "MDENG", "bPxRf", "iCYzQ", "3vTnL"])
PRIVATE_KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA " + "PRIVATE KEY-----\n"
GITHUB = "ghp_" + "".join(["a8Kd0s", "Lq3zXc", "V5bNm7", "QwErTy", "9UiOp2", "Lk4JhG"])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet"], check=True, cwd=tmp_path)
    (tmp_path / ".gitignore").write_text("build/\n", encoding="utf-8")
    return tmp_path


def scan(checkout: Path, *not_secrets: NotASecret) -> list[str]:
    return find_secrets(checkout, checkout_files(checkout), not_secrets)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f'key_id = "{AWS_KEY_ID}"\n', "AWS Access Key"),
        (f'aws_secret_access_key = "{ACCESS}"\n', "Secret Keyword"),
        (PRIVATE_KEY, "Private Key"),
        (f'token = "{GITHUB}"\n', "GitHub Token"),
        ("url = 'https://jo:" + "correct-horse" + "@example.org/a.csv'\n", "Basic Auth Credentials"),
    ],
)
def test_a_planted_secret_is_found_with_its_line_and_never_shown(checkout: Path, line: str, kind: str) -> None:
    (checkout / "settings.py").write_text("first = 1\n" + line, encoding="utf-8")

    found = scan(checkout)

    assert f"settings.py:2: looks like a secret ({kind})" in found
    assert not any(secret in sentence for sentence in found for secret in (AWS_KEY_ID, ACCESS, "correct-horse"))


def test_a_remark_in_the_file_lets_nothing_pass(checkout: Path) -> None:
    (checkout / "settings.py").write_text(f'key_id = "{AWS_KEY_ID}"  # pragma: allowlist secret\n', encoding="utf-8")

    assert scan(checkout) == ["settings.py:1: looks like a secret (AWS Access Key)"]


def test_only_the_text_that_audit_toml_names_is_let_pass(checkout: Path) -> None:
    (checkout / "settings.py").write_text(f'a = "{AWS_KEY_ID}"\nb = "{AWS_KEY_ID[:-1]}Z"\n', encoding="utf-8")

    assert scan(checkout, NotASecret(AWS_KEY_ID, "made up")) == ["settings.py:2: looks like a secret (AWS Access Key)"]


def test_a_file_that_is_not_added_yet_is_scanned_and_an_ignored_one_is_not(checkout: Path) -> None:
    (checkout / "build").mkdir()
    for name in ("build/left.py", "new file.py"):
        (checkout / name).write_text(f'key_id = "{AWS_KEY_ID}"\n', encoding="utf-8")

    assert scan(checkout) == ["new file.py:1: looks like a secret (AWS Access Key)"]


def test_a_folder_that_is_no_checkout_is_not_taken_for_a_clean_one(tmp_path: Path) -> None:
    with pytest.raises(NotACheckoutError, match="git cannot list its files"):
        checkout_files(tmp_path)
