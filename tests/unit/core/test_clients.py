"""The functions' clients: what making one leaves out, since each cold start pays for it."""

from collections.abc import Iterator

import pytest
from botocore.loaders import Loader

from csvdynamo.aws import clients
from local_aws.access_key import AccessKey


@pytest.fixture
def own_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    key = AccessKey.drawn()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    clients.session.cache_clear()
    yield
    clients.session.cache_clear()


def test_a_client_is_made_without_a_look_through_the_folders_of_all_services(
    own_session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_through(_: Loader, type_name: str) -> list[str]:
        raise AssertionError(f"every service's folder is searched for {type_name}")

    monkeypatch.setattr(Loader, "list_available_services", look_through)

    made = [clients.client("dynamodb"), clients.client("firehose"), clients.client("s3")]

    assert [one.meta.service_model.service_name for one in made] == ["dynamodb", "firehose", "s3"]
