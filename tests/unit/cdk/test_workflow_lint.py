from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from workflow_lint import definitions, problems

Definition = dict[str, Any]


def rows(definition: Definition) -> Definition:
    state: Definition = definition["States"]["Migrate rows"]
    return state


def batch(definition: Definition) -> Definition:
    state: Definition = rows(definition)["ItemProcessor"]["States"]["Migrate batch"]
    return state


BREAKS: dict[str, Callable[[Definition], Any]] = {
    "next state missing": lambda machine: rows(machine).update(Next="Nowhere"),
    "state never reached": lambda machine: machine["States"].update(Lost={"Type": "Succeed"}),
    "start missing in the child": lambda machine: rows(machine)["ItemProcessor"].update(StartAt="Nowhere"),
    "child without an end": lambda machine: batch(machine).pop("End"),
    "misspelt field": lambda machine: rows(machine).update(ItemBatchr={}),
    "misspelt retry field": lambda machine: batch(machine)["Retry"][1].update(MaxAttemps=3),
    "unknown jitter": lambda machine: batch(machine)["Retry"][1].update(JitterStrategy="SOME"),
    "number as text": lambda machine: rows(machine)["ItemBatcher"].update(MaxItemsPerBatch="250"),
    "path without its dollar": lambda machine: rows(machine)["ItemReader"]["Parameters"].update({"Key.$": "file_key"}),
    "JSONPath field in a JSONata state": lambda machine: machine["States"]["Publish totals"].update(Parameters={}),
    "unknown input type": lambda machine: rows(machine)["ItemReader"]["ReaderConfig"].update(InputType="CVS"),
    "unknown reader field": lambda machine: rows(machine)["ItemReader"]["ReaderConfig"].update(Header="FIRST_ROW"),
    "unknown result format": lambda machine: rows(machine)["ResultWriter"]["WriterConfig"].update(OutputType="CSV"),
    "unknown mode": lambda machine: rows(machine)["ItemProcessor"]["ProcessorConfig"].update(Mode="DISTRIBUTE"),
    "percentage past 100": lambda machine: rows(machine).update(ToleratedFailurePercentage=101),
    "percentage as text": lambda machine: rows(machine).update(ToleratedFailurePercentage="5"),
    "label too long": lambda machine: rows(machine).update(Label="x" * 41),
}


def test_the_state_machine_has_no_problems(definition: Definition) -> None:
    assert problems(definition) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_state_machine_is_found(definition: Definition, name: str) -> None:
    broken = deepcopy(definition)
    BREAKS[name](broken)

    assert problems(broken)


def test_a_definition_that_cannot_be_read_is_refused() -> None:
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": {"Fn::Join": ["", []]}}}

    with pytest.raises(TypeError, match="Machine: DefinitionString is not literal text"):
        list(definitions({"Resources": {"Machine": machine}}))
