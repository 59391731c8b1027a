"""The tables `[computed."attribute"]` of a data set file."""

from dataclasses import dataclass as plain
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema
from pydantic_core import core_schema as core

from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.values import Rule, fail, found
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.computed import FORMULAS, Computed, Digest, Formula, RowNumber, Template


@plain(frozen=True, eq=False)
class _Made(Rule):
    """What a formula is made of."""

    formula: type[Formula]
    give = "one of them"

    def must(self) -> str:
        """Say what it must be."""
        return "what the formula is made of"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take what the formula takes."""
        return core.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        if self.formula is RowNumber:
            return {"const": True}
        text = {"type": "string"}
        return text if self.formula is Template else {"anyOf": [text, {"type": "array", "items": text}]}

    def _read(self, value: Any) -> Formula:
        try:
            formula = self.formula.read(value)
        except ValueError as error:
            fail(f"must be {error}, found {found(value)}")
        if ROW_NUMBER_HEADER in formula.sources(()):
            fail(f"{ROW_NUMBER_HEADER} is the row number that prepare adds: use row_number = true")
        return formula


@dataclass(frozen=True, config=STRICT)
class ComputedRules:
    """One table for each attribute that no column holds. It has one of these keys."""

    template: Annotated[Formula, _Made(Template)] | None = Field(default=None, description=Template.does)
    row_number: Annotated[Formula, _Made(RowNumber)] | None = Field(default=None, description=RowNumber.does)
    digest: Annotated[Formula, _Made(Digest)] | None = Field(default=None, description=Digest.does)

    @model_validator(mode="before")
    @classmethod
    def _one(cls, keys: Any) -> Any:
        if isinstance(keys, dict) and len(keys) != 1 and keys.keys() <= {one.name for one in FORMULAS}:
            fail(f"give one of {', '.join(one.name for one in FORMULAS)}")
        return keys

    def of(self, attribute: str) -> Computed:
        """Give the computed attribute of this name."""
        formula = self.template or self.row_number or self.digest
        assert formula is not None
        return Computed(attribute, formula)
