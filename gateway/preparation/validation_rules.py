"""The standard rules of validation, with bounds for those whose work isn't linear in the document, and one more.

They suggest names for those that are unknown by comparing each with all that there are
(`gateway.preparation.validation` has them do so for a few), print a whole value for each of its errors, and compare
every two fields of one response key.
"""

from contextlib import suppress
from math import isfinite

from graphql import (
    SKIP,
    ASTValidationRule,
    FloatValueNode,
    GraphQLError,
    GraphQLFloat,
    GraphQLInputType,
    IntValueNode,
    OverlappingFieldsCanBeMergedRule,
    SelectionSetNode,
    ValidationRule,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VisitorAction,
    get_named_type,
    specified_rules,
    validate_input_literal,
)

from gateway.compiler.graphql_core_adapter import ValidationAbortedError, limit_overlap_steps, overlap_steps_left
from gateway.errors import OperationTooComplex
from gateway.limits.validation_bounds import MAX_OVERLAP_STEPS, MAX_VALUE_ERRORS
from gateway.model.wire.unfit_values import TOO_LARGE_NUMBER


class BoundedValuesRule(ValuesOfCorrectTypeRule):
    """The standard rule, which goes on behind the first errors of a value."""

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        count = 0

        def on_error(error: GraphQLError, _path: list[str | int]) -> None:
            nonlocal count
            self.report_error(error)
            count += 1
            if count == MAX_VALUE_ERRORS:
                raise _EnoughErrors

        if input_type:
            with suppress(_EnoughErrors):
                validate_input_literal(node, input_type, on_error, hide_suggestions=self.context.hide_suggestions)
        return SKIP


class _EnoughErrors(Exception):
    """A value has as many errors as are reported."""


class BoundedOverlapRule(OverlappingFieldsCanBeMergedRule):
    """The standard rule, which compares every two fields of one name; raises `OperationTooComplex` where it is too
    many."""

    def __init__(self, context: object) -> None:
        super().__init__(context)  # type: ignore[arg-type]
        limit_overlap_steps(self, MAX_OVERLAP_STEPS)

    def enter_selection_set(self, selection_set: SelectionSetNode, *arguments: object) -> None:
        try:
            super().enter_selection_set(selection_set, *arguments)
        except ValidationAbortedError:
            if overlap_steps_left(self) >= 0:
                raise
            raise OperationTooComplex(
                f"Fields with the same response key may take at most {MAX_OVERLAP_STEPS:,} steps to compare."
            ) from None


class FiniteFloatsRule(ValidationRule):
    """The refusal of a Float beyond all doubles, as variables have it: graphql-core reads infinity."""

    def enter_float_value(self, node: FloatValueNode | IntValueNode, *_: object) -> None:
        if get_named_type(self.context.get_input_type()) is GraphQLFloat and not isfinite(float(node.value)):
            self.report_error(GraphQLError(TOO_LARGE_NUMBER, node))

    enter_int_value = enter_float_value


_BOUNDED: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
    OverlappingFieldsCanBeMergedRule: BoundedOverlapRule,
    ValuesOfCorrectTypeRule: BoundedValuesRule,
}
RULES: tuple[type[ASTValidationRule], ...] = (
    *(_BOUNDED.get(rule, rule) for rule in specified_rules),
    FiniteFloatsRule,
)
