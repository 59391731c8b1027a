"""BatchWriteItem past botocore's models: the items are text already, and most answers say that all is done.

botocore has the credentials, the endpoint, the signature, and reads every answer that says anything else. What is
passed by are its validation, its serializer, and the parser and the events of a call that went well.
"""

import json
from collections.abc import Mapping, Sequence
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
    """Makes calls of BatchWriteItem that overlap; for one thread.

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
        self._operation = model.operation_model(OPERATION)
        self._service, self._region = model.signing_name, client.meta.region_name
        self._url = client.meta.endpoint_url
        self._headers = {
            "Host": connections.host,
            "User-Agent": config.user_agent,
            "X-Amz-Target": f"{model.metadata['targetPrefix']}.{OPERATION}",
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
        answers = self._connections.exchange(self._request(request_body(table, items)) for items in calls)
        return [one if isinstance(one, Exception) else self._read(one) for one in answers]

    def _request(self, body: bytes) -> bytes:
        """Write a request, head and body, signed by botocore with what the credentials are now."""
        if self._credentials is None:
            raise NoCredentialsError
        request = AWSRequest("POST", self._url, headers=self._headers, data=body)
        SigV4Auth(self._credentials.get_frozen_credentials(), self._service, self._region).add_auth(request)
        headers = {**dict(request.headers.items()), "Content-Length": len(body), **self._connections.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self._connections.target} HTTP/1.1\r\n{head}\r\n".encode("iso-8859-1") + body

    def _read(self, answer: HttpAnswer) -> Mapping[str, Any] | Exception:
        response = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
        try:
            check_answer(response)
        except ChecksumError as error:
            return error
        if answer.status < 300 and (document := _all_done(answer.body)) is not None:
            return document
        parser: Any = create_parser("json")
        parsed: dict[str, Any] = parser.parse(response, self._operation.output_shape)
        if answer.status < 300:
            return parsed
        code = parsed.get("Error", {}).get("Code")
        shape = self._client.meta.service_model.shape_for_error_code(code)
        if shape is not None:
            parsed |= parser.parse(response, shape)
        error_class = cast("type[ClientError]", self._client.exceptions.from_code(code))
        return error_class(cast("Any", parsed), OPERATION)


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
