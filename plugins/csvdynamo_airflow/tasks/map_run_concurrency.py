"""Changes how many batches of a Map Run run at once while it goes on, by what batches that have ended tell."""

import time
from typing import TYPE_CHECKING

from csvdynamo.records.result_files import batch_result
from csvdynamo_airflow.documents.concurrency import ConcurrencyBounds, ConcurrencyChange
from csvdynamo_airflow.workflow.concurrency import ConcurrencyControl, Sample

if TYPE_CHECKING:
    from types_aiobotocore_stepfunctions import SFNClient
    from types_aiobotocore_stepfunctions.type_defs import DescribeMapRunOutputTypeDef

_RUNNING = "RUNNING"
_ENDED = ("succeeded", "failed", "timedOut", "aborted")


class MapRunConcurrency:
    """Looks at a Map Run's newest batches, and updates it.

    Args:
        bounds: What the data set file allows.
    """

    def __init__(self, bounds: ConcurrencyBounds) -> None:
        self._control = ConcurrencyControl(bounds)

    async def adjust(self, states: "SFNClient", map_run: "DescribeMapRunOutputTypeDef") -> ConcurrencyChange | None:
        """Change how many batches run at once, if they are too many or too few; return what was changed.

        Args:
            states: An aiobotocore client.
            map_run: DescribeMapRun's answer.

        Raises:
            botocore.exceptions.ClientError: A call was refused.
            csvdynamo.errors.ResultFileError: A batch did not answer as the function does.
        """
        if map_run["status"] != _RUNNING:
            return None
        arn, concurrency, counts = map_run["mapRunArn"], map_run["maxConcurrency"], map_run["executionCounts"]
        ended, now = sum(counts[one] for one in _ENDED), time.monotonic()  # type: ignore[literal-required]
        size = self._control.sample_size(ended, counts["running"], concurrency, now)
        sample = await _newest(states, arn, size) if size else None
        change = self._control.change(concurrency, sample, now, time.time())
        if change is not None:
            await states.update_map_run(mapRunArn=arn, maxConcurrency=change.after)
        return change


async def _newest(states: "SFNClient", map_run_arn: str, size: int) -> Sample | None:
    """Read the answers of the batches that succeeded last: EXPRESS children of a Map Run can be described."""
    listed = await states.list_executions(mapRunArn=map_run_arn, statusFilter="SUCCEEDED", maxResults=size)
    answers = []
    for child in listed["executions"]:
        described = await states.describe_execution(executionArn=child["executionArn"])
        answers.append(batch_result(described.get("output"), child["executionArn"]))
    return Sample.of(answers)
