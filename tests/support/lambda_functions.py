"""The Lambda functions of a stack on the embedded AWS: sent through a proxy, and killed."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from commands.embedded import Deployed

MIGRATE_BATCH = "migrate_batch.handler"
"""The handler of the function that migrates a batch."""


@contextmanager
def functions_through(
    deployed: Deployed, endpoint: str, services: Collection[str], handler: str | None = None
) -> Iterator[None]:
    """Let the functions' clients take the way through a proxy.

    Args:
        deployed: The embedded AWS and the stack.
        endpoint: The proxy's URL.
        services: Whose clients, as ``AWS_ENDPOINT_URL_…`` names them.
        handler: The handler of the one function that is meant; None for all.
    """
    functions = deployed.client("lambda")
    ways = {f"AWS_ENDPOINT_URL_{service}": endpoint for service in services}
    before = {
        str(function["FunctionName"]): function.get("Environment", {}).get("Variables", {})
        for function in functions.list_functions()["Functions"]
        if handler in {None, function["Handler"]}
    }

    def set_variables(name: str, variables: dict[str, Any]) -> None:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    for name, variables in before.items():
        set_variables(name, {**variables, **ways})
    try:
        yield
    finally:
        for name, variables in before.items():
            set_variables(name, variables)


def kill_function(deployed: Deployed, handler: str) -> int:
    """Kill the processes that run a Lambda function of the embedded AWS, with SIGKILL; return how many there were."""
    killed = []
    for process in psutil.Process(deployed.aws.pid).children(recursive=True):
        if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == _function_name(deployed, handler):
            process.kill()
            killed.append(process)
    psutil.wait_procs(killed, timeout=10)
    return len(killed)


def _function_name(deployed: Deployed, handler: str) -> str:
    functions = deployed.client("lambda").list_functions()["Functions"]
    [name] = [str(function["FunctionName"]) for function in functions if function["Handler"] == handler]
    return name
