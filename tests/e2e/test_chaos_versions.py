"""Chains of versions under faults, of a data set that writes what changed and deletes what vanished."""

from tests.e2e.conftest import Airflow
from tests.e2e.test_chaos_campaign import campaign
from tests.support.stacks import Stacks

CHAINS, VERSIONS = 12, 2


def test_no_row_is_lost_and_no_item_deleted_that_should_not_be_in_chains_of_versions(
    stacks: Stacks, airflow: Airflow
) -> None:
    told = campaign(stacks, airflow, CHAINS, "--versions", str(VERSIONS))

    assert told.runs == told.green_at_once + told.green_when_run_again == CHAINS * VERSIONS
    assert told.deleted > CHAINS
