"""The Lambda functions of a stack on the embedded AWS: given other variables, sent through a proxy, and killed.

The state machine calls a published version, as it was deployed: what is to be different is published as another one,
and the state machine brought to call that, as a deploy does.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psutil

from commands.embedded import Deployed

MIGRATE_BATCH = "migrate_batch.handler"
"""The handler of the function that migrates a batch."""


@contextmanager
def function_with(
    deployed: Deployed, handler: str = MIGRATE_BATCH, /, **variables: str
) -> Iterator[Callable[[], None]]:
    """Give a function of the stack other variables for a while.

    Args:
        deployed: The embedded AWS and the stack.
        handler: The function's handler.
        variables: The variables that it gets beside its own, or in their place.

    Yields:
        A function that gives it its own variables back before the end.
    """
    functions, states = deployed.client("lambda"), deployed.client("stepfunctions")
    [(name, good)] = _functions(deployed, handler).items()
    machine = deployed.outputs["MigrationWorkflowStateMachine"]

    def publish(these: Mapping[str, Any]) -> str:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": dict(these)})
        return str(functions.publish_version(FunctionName=name)["FunctionArn"])

    def call(version: str) -> str:
        definition = states.describe_state_machine(stateMachineArn=machine)["definition"]
        [before] = set(re.findall(rf"{re.escape(version.rpartition(':')[0])}:\d+", definition))
        states.update_state_machine(stateMachineArn=machine, definition=definition.replace(before, version))
        return str(before)

    deployed_version = call(publish({**good, **variables}))
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": dict(good)})
    try:
        yield lambda: call(deployed_version) and None
    finally:
        call(deployed_version)


@contextmanager
def no_error_stream(deployed: Deployed) -> Iterator[Callable[[], None]]:
    """Take the stack's Firehose stream away for a while.

    Yields:
        A function that makes it again before the end.
    """
    firehose, name = deployed.client("firehose"), deployed.outputs["ErrorDeliveryStream"]
    stream = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    [destination] = stream["Destinations"]

    def make() -> None:
        # It may be there again by now; a list of all streams comes by pages.
        with suppress(firehose.exceptions.ResourceInUseException):
            firehose.create_delivery_stream(
                DeliveryStreamName=name,
                DeliveryStreamType=stream["DeliveryStreamType"],
                ExtendedS3DestinationConfiguration=destination["ExtendedS3DestinationDescription"],
            )

    firehose.delete_delivery_stream(DeliveryStreamName=name)
    try:
        yield make
    finally:
        make()


@contextmanager
def functions_through(
    deployed: Deployed, endpoint: str, services: Collection[str], handler: str | None = None
) -> Iterator[None]:
    """Let the functions' clients take the way through a proxy.

    Args:
        deployed: The embedded AWS and the stack.
        endpoint: The proxy's URL.
        services: Whose clients, as ``AWS_ENDPOINT_URL_…`` names them.
        handler: The handler of the one function that is meant; None for all of the stack.
    """
    ways = {f"AWS_ENDPOINT_URL_{service}": endpoint for service in services}
    handlers = {handler} if handler else {MIGRATE_BATCH, "consolidate.handler"}
    with ExitStack() as ended:
        for one in handlers:
            ended.enter_context(function_with(deployed, one, **ways))
        yield


def kill_function(deployed: Deployed, handler: str) -> int:
    """Kill the processes that run a Lambda function of the embedded AWS, with SIGKILL; return how many there were."""
    [name] = _functions(deployed, handler)
    killed = []
    for process in psutil.Process(deployed.aws.pid).children(recursive=True):
        with suppress(psutil.Error):  # one that ends by itself
            if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == name:
                process.kill()
                killed.append(process)
    psutil.wait_procs(killed, timeout=10)
    return len(killed)


def _functions(deployed: Deployed, handler: str) -> dict[str, dict[str, str]]:
    """Find the stack's function of a handler: its name and its variables."""
    table = deployed.outputs["DestinationTable"]
    found = {
        str(function["FunctionName"]): dict(function["Environment"]["Variables"])
        for function in deployed.client("lambda").list_functions()["Functions"]
        if function["Handler"] == handler
    }
    return {name: variables for name, variables in found.items() if variables["DESTINATION_TABLE_NAME"] == table}
