"""Files into the bucket and back: once for each digest, and never another file under the same key."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from csvdynamo_airflow.storage import stored_file
from csvdynamo_airflow.storage.stored_file import (
    ObjectError,
    ObjectPostponedError,
    fetch,
    file_sha256,
    put_once,
    upload,
)
from tests.integration.plugin.migration_objects import BUCKET

KEY = "landing/vehicles/digest/v.csv"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "v.csv"
    path.write_bytes(b"id\n1\n")
    return path


def body(s3: Any) -> bytes:
    content: bytes = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    return content


def test_a_file_is_uploaded_once(s3: Any, file: Path) -> None:
    assert put_once(s3, file, BUCKET, KEY) is True
    first = s3.head_object(Bucket=BUCKET, Key=KEY)["LastModified"]

    assert put_once(s3, file, BUCKET, KEY) is False

    assert body(s3) == b"id\n1\n"
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["LastModified"] == first


@pytest.mark.parametrize(("expires", "again"), [(True, True), (False, False)])
def test_an_old_object_that_will_expire_is_uploaded_again_to_last_for_the_run(
    s3: Any, file: Path, monkeypatch: pytest.MonkeyPatch, expires: bool, again: bool
) -> None:
    put_once(s3, file, BUCKET, KEY, expires=expires)
    uploads: list[str] = []
    monkeypatch.setattr(stored_file, "upload", lambda *what: (uploads.append(what[-1]), upload(*what)))
    monkeypatch.setattr(stored_file, "_OLD", timedelta(days=-1))  # whatever is there is old

    assert put_once(s3, file, BUCKET, KEY, expires=expires) is again

    assert uploads == [KEY] * again
    assert body(s3) == file.read_bytes()


def test_a_young_object_that_will_expire_is_left(s3: Any, file: Path) -> None:
    put_once(s3, file, BUCKET, KEY, expires=True)

    assert put_once(s3, file, BUCKET, KEY, expires=True) is False


def test_an_upload_carries_a_sha256_checksum(s3: Any, file: Path) -> None:
    put_once(s3, file, BUCKET, KEY)

    assert "ChecksumSHA256" in s3.head_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")


def test_a_large_file_goes_up_in_parts(s3: Any, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"0123456789abcde\n" * 600_000)

    assert put_once(s3, large, BUCKET, KEY) is True

    assert body(s3) == large.read_bytes()


def test_an_object_of_another_size_is_not_taken_for_the_file(s3: Any, file: Path) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"something else")

    with pytest.raises(ObjectError, match=f"{KEY} has 14 bytes"):
        put_once(s3, file, BUCKET, KEY)

    assert body(s3) == b"something else"


@pytest.mark.parametrize("size", [5, 9_600_000])
def test_a_file_that_another_run_uploads_at_the_same_moment_is_left_to_it(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = tmp_path / "v.csv"
    path.write_bytes(b"x" * size)
    real = stored_file._when_uploaded
    looks: list[Any] = []

    def look(*arguments: Any) -> Any:
        looks.append(real(*arguments))
        if len(looks) == 1:  # the other run is done right after this run looked
            s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"y" * size)
        return looks[-1]

    monkeypatch.setattr(stored_file, "_when_uploaded", look)

    assert put_once(s3, path, BUCKET, KEY) is False

    assert list(map(bool, looks)) == [False, True]
    assert body(s3) == b"y" * size


def test_other_uploads_of_the_client_stay_unconditional(s3: Any, file: Path) -> None:
    put_once(s3, file, BUCKET, KEY)

    file.write_bytes(b"new")
    upload(s3, file, BUCKET, KEY)

    assert body(s3) == b"new"


def test_an_upload_that_fails_may_be_tried_again_later(s3: Any, file: Path) -> None:
    with pytest.raises(ObjectPostponedError, match=r"s3://no-such-bucket/v\.csv"):
        upload(s3, file, "no-such-bucket", "v.csv")


def test_a_stored_file_comes_back_the_same(s3: Any, file: Path, tmp_path: Path) -> None:
    put_once(s3, file, BUCKET, KEY)

    fetch(s3, BUCKET, KEY, file_sha256(file), tmp_path / "back.csv")

    assert (tmp_path / "back.csv").read_bytes() == file.read_bytes()


def test_an_object_that_was_changed_is_refused(s3: Any, file: Path, tmp_path: Path) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"id\n2\n")

    with pytest.raises(ObjectError, match="was changed"):
        fetch(s3, BUCKET, KEY, file_sha256(file), tmp_path / "back.csv")


def test_an_object_that_is_gone_says_which_task_to_clear(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(ObjectError, match=r"is gone\. Clear the task download"):
        fetch(s3, BUCKET, KEY, "0", tmp_path / "back.csv")
