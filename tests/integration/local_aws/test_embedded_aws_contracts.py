import pytest

from tests.integration.local_aws.cloud import Cloud
from tests.integration.local_aws.contracts import CONTRACTS, Contract
from tests.integration.local_aws.recorded_contracts import RECORDED_CONTRACTS

ALL = [*CONTRACTS, *RECORDED_CONTRACTS]
each_contract = pytest.mark.parametrize("contract", ALL, ids=[contract.name for contract in ALL])


@each_contract
def test_the_embedded_aws_keeps_the_promise(embedded: Cloud, contract: Contract) -> None:
    assert contract.observe(embedded) == contract.expected


@each_contract
def test_plain_ministack_does_not_keep_it(plain: Cloud, contract: Contract) -> None:
    assert contract.observe(plain) != contract.expected, (
        f"MiniStack now keeps this promise itself ({contract.name}): "
        f"delete local_aws/{contract.kept_by} and this contract."
    )
