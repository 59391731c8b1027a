import stat
from pathlib import Path

import pytest

from local_aws.access_key import ID_VARIABLE, SECRET_VARIABLE, AccessKey, AccessKeyError
from local_aws.private_files import write_private

ID, SECRET = "LOCALAWSABCDEFGHIJKL", "abcdefghijklmnopqrstuvwxyz"


def test_a_key_that_is_drawn_is_another_one_each_time_and_could_be_named() -> None:
    first, second = AccessKey.drawn(), AccessKey.drawn()

    assert first.id != second.id
    assert first.secret != second.secret
    assert first.id.startswith("LOCALAWS")
    assert AccessKey.named({ID_VARIABLE: first.id, SECRET_VARIABLE: first.secret}) == first


def test_a_key_does_not_show_its_secret() -> None:
    key = AccessKey.drawn()

    assert key.secret not in repr(key)


def test_no_key_is_named_where_both_variables_are_empty() -> None:
    assert AccessKey.named({}) is None
    assert AccessKey.named({ID_VARIABLE: "", SECRET_VARIABLE: ""}) is None


@pytest.mark.parametrize(
    ("key_id", "secret", "named"),
    [
        (ID, "", SECRET_VARIABLE),
        (ID, "short", SECRET_VARIABLE),
        ("", SECRET, ID_VARIABLE),
        ("test", SECRET, ID_VARIABLE),
        ("000000000000", SECRET, ID_VARIABLE),
        (f"{ID}/", SECRET, ID_VARIABLE),
    ],
)
def test_half_a_key_or_one_that_ministack_gives_to_everybody_is_refused(key_id: str, secret: str, named: str) -> None:
    with pytest.raises(AccessKeyError, match=f"{named} must"):
        AccessKey.named({ID_VARIABLE: key_id, SECRET_VARIABLE: secret})


def test_a_private_file_is_its_owner_s_alone_also_where_another_one_was(tmp_path: Path) -> None:
    path = tmp_path / "aws.json"
    path.write_text("old")
    path.chmod(0o644)

    write_private(path, "new")

    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
