"""Writes past botocore's models: the items are text already, and most answers of BatchWriteItem say that all is done.

botocore has the credentials, the endpoint, the signature, and reads every answer that says anything else. What is
passed by are its validation, its serializer, and the parser and the events of a call that went well.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ChecksumError, ClientError, NoCredentialsError
from botocore.parsers import create_parser

from csvdynamo.aws.answer_checksum import check_answer
from csvdynamo.aws.kept_connections import HttpAnswer, KeptConnections

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_dynamodb import DynamoDBClient

OPERATION = "BatchWriteItem"
_BETWEEN = '}}, {"PutRequest": {"Item": '
REQUEST_BYTES = len(_BETWEEN)
"""What an item's request takes on the wire beside the item."""


class BatchWrite:
    """Makes calls of BatchWriteItem, PutItem and DeleteItem that overlap; for one thread.

    Args:
        client: A DynamoDB client, for what is configured and what DynamoDB's answers mean. It makes no call.
        credentials: The client's credentials; None if there are none.
        connections: The connections to its endpoint.
    """

    def __init__(
        self, client: "DynamoDBClient", credentials: "Credentials | None", connections: KeptConnections
    ) -> None:
        self._client, self._credentials, self._connections = client, credentials, connections
        model, config = client.meta.service_model, cast("Any", client.meta.config)
        self._service, self._region = model.signing_name, client.meta.region_name
        self._url, self._target = client.meta.endpoint_url, model.metadata["targetPrefix"]
        self._headers = {
            "Host": connections.host,
            "User-Agent": config.user_agent,
            "Content-Type": f"application/x-amz-json-{model.metadata['jsonVersion']}",
        }

    def put(self, table: str, calls: Sequence[Sequence[str]]) -> list[Mapping[str, Any] | Exception]:
        """Make the calls, all at once.

        Args:
            table: The table's name.
            calls: The items of each call, each an item's JSON: at most 25 and 16 MB.

        Returns:
            For each call its answer as boto3's client gives it, or the error that the client would have raised.

        Raises:
            botocore.exceptions.NoCredentialsError: There are no credentials.
        """
        return self.ask(OPERATION, (request_body(table, items) for items in calls))

    def ask(self, operation: str, bodies: Iterable[bytes]) -> list[Mapping[str, Any] | Exception]:
        """Make calls of an operation, all at once.

        Args:
            operation: Its name.
            bodies: The body of each call. The next one is asked for when the one before has been sent.

        Returns:
            For each call its answer as boto3's client gives it, or the error that the client would have raised.

        Raises:
            botocore.exceptions.NoCredentialsError: There are no credentials.
        """
        answers = self._connections.exchange(self._request(operation, body) for body in bodies)
        return [one if isinstance(one, Exception) else self._read(operation, one) for one in answers]

    def _request(self, operation: str, body: bytes) -> bytes:
        """Write a request, head and body, signed by botocore with what the credentials are now."""
        if self._credentials is None:
            raise NoCredentialsError
        headers = {**self._headers, "X-Amz-Target": f"{self._target}.{operation}"}
        request = AWSRequest("POST", self._url, headers=headers, data=body)
        SigV4Auth(self._credentials.get_frozen_credentials(), self._service, self._region).add_auth(request)
        headers = {**dict(request.headers.items()), "Content-Length": len(body), **self._connections.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self._connections.target} HTTP/1.1\r\n{head}\r\n".encode("iso-8859-1") + body

    def _read(self, operation: str, answer: HttpAnswer) -> Mapping[str, Any] | Exception:
        response = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
        try:
            check_answer(response)
        except ChecksumError as error:
            return error
        is_batch = operation == OPERATION
        if is_batch and answer.status < 300 and (document := _all_done(answer.body)) is not None:
            return document
        parser: Any = create_parser("json")
        model = self._client.meta.service_model
        parsed: dict[str, Any] = parser.parse(response, model.operation_model(operation).output_shape)
        if answer.status < 300:
            return parsed
        code = parsed.get("Error", {}).get("Code")
        shape = model.shape_for_error_code(code)
        if shape is not None:
            parsed |= parser.parse(response, shape)
        error_class = cast("type[ClientError]", self._client.exceptions.from_code(code))
        return error_class(cast("Any", parsed), operation)


def request_body(table: str, items: Sequence[str]) -> bytes:
    """Write the body of a call, as botocore's serializer does.

    Args:
        table: The table's name.
        items: Each item's JSON.
    """
    requests = _BETWEEN.join(items)
    head = f'{{"RequestItems": {{{json.dumps(table)}: [{{"PutRequest": {{"Item": '
    return f'{head}{requests}}}}}]}}, "ReturnConsumedCapacity": "TOTAL"}}'.encode("ascii")


def _all_done(body: bytes) -> Mapping[str, Any] | None:
    """Read an answer that leaves nothing unprocessed; None for every other one."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) and document.get("UnprocessedItems") == {} else None
