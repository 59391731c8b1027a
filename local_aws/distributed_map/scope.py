"""What the fields of a Map state may refer to: the state's input and the execution's context."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.ministack_internals import stepfunctions


@dataclass(frozen=True)
class Scope:
    """A Map state at the moment when it is entered.

    Attributes:
        definition: the state, in the Amazon States Language.
        raw_input: the state's input.
        effective: the input after InputPath.
        context: the context object, which ``$$.`` refers to.
    """

    definition: dict[str, Any]
    raw_input: Any
    effective: Any
    context: dict[str, Any]

    @property
    def is_jsonata(self) -> bool:
        """Whether the state's query language is JSONata; it is JSONPath otherwise."""
        return bool(stepfunctions.state_query_language(self.definition, self.context) == "JSONata")

    def field(self, name: str, source: Mapping[str, Any] | None = None) -> Any:
        """A field's value, given as it is, as an expression, or by a path in the field of that name with ``Path``.

        Args:
            name: the field.
            source: the object that holds it; None for the state itself.
        """
        holder = self.definition if source is None else source
        path = holder.get(f"{name}Path")
        if path is not None:
            return stepfunctions.resolve_path_or_ctx(path, self.effective, self.context)
        value = holder.get(name)
        return self.resolve(value) if self.is_jsonata else value

    def resolve(self, template: Any, context: dict[str, Any] | None = None) -> Any:
        """A payload template with its paths or expressions replaced by their values."""
        context = self.context if context is None else context
        if self.is_jsonata:
            return stepfunctions.apply_jsonata_template(template, self.raw_input, context)
        return stepfunctions.resolve_params_obj(template, self.effective, context)

    def arguments(self, holder: Mapping[str, Any]) -> dict[str, Any]:
        """The Parameters (JSONPath) or Arguments (JSONata) of an ItemReader or ResultWriter."""
        resolved: dict[str, Any] = self.resolve(holder.get("Parameters") or holder.get("Arguments") or {})
        return resolved

    def output(self, result: Any) -> Any:
        """The state's output for a result, after ResultSelector, ResultPath and OutputPath, or Output and Assign."""
        state = self.definition
        if self.is_jsonata:
            output = stepfunctions.apply_jsonata_output(
                state, self.raw_input, self.context, result=result, default=result
            )
            stepfunctions.apply_state_assign(state, self.raw_input, self.context, result=result)
            return output
        selected = stepfunctions.apply_result_selector(state, result)
        merged = stepfunctions.apply_result_path(state, self.raw_input, selected)
        return stepfunctions.apply_output_path(state, merged, self.context)
