"""The Lambda functions of a stack on the embedded AWS: given other variables, sent through a proxy, and killed."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
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
    functions, [(name, good)] = deployed.client("lambda"), _functions(deployed, handler).items()

    def use(these: Mapping[str, Any]) -> None:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": dict(these)})

    use({**good, **variables})
    try:
        yield lambda: use(good)
    finally:
        use(good)


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
