"""The validation of documents: by graphql-core's rules, in one walk of our own."""

from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    ValidationRule,
    Visitor,
    assert_valid_schema,
    get_named_type,
)

from gateway.compiler.graphql_core_adapter import (
    FragmentNestingVisitor,
    NodeKeyedContext,
    ValidationAbortedError,
    VariableUsage,
    VariableUsageVisitor,
)
from gateway.limits.validation_bounds import MAX_ERRORS, MAX_SUGGESTING
from gateway.preparation.meant_names import with_meant_names
from gateway.preparation.traversal import Traversal
from gateway.preparation.validation_rules import RULES


class Validation:
    """The validation of documents by `RULES`; ``introspection``, ``subgraph``: whether a document may ask for the
    schema, and for its definition as a subgraph."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool, subgraph: bool) -> None:
        assert_valid_schema(schema)
        self._schema = schema
        self._hide_suggestions = not introspection
        self._rules: list[type[ASTValidationRule]] = [*RULES]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        if not subgraph:
            self._rules.append(_NoSubgraphRule)

    def errors(self, node: DocumentNode) -> list[GraphQLError]:
        """What is wrong with a document, up to `MAX_ERRORS`, as graphql-core's `validate` has it; raises
        `OperationTooComplex` for what takes too long to find out."""
        types = TypeInfo(self._schema)
        context = _Context(self._schema, node, types, hide_suggestions=self._hide_suggestions)
        visitors: list[Visitor] = [rule(context) for rule in self._rules]
        fragments = {
            definition.name.value: definition
            for definition in node.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        if fragments:
            visitors.insert(0, FragmentNestingVisitor(fragments))
        try:
            Traversal(types, visitors).walk(node)
        except ValidationAbortedError as error:
            # Kept with the document, it would keep the frames of this validation too.
            error.__context__ = None
            context.errors.append(error.with_traceback(None))
        except RecursionError:
            context.errors.append(ValidationAbortedError("Validation aborted."))
        if not self._hide_suggestions:
            suggesting = context.errors[:MAX_SUGGESTING]
            context.errors[:MAX_SUGGESTING] = [with_meant_names(error, self._schema) for error in suggesting]
        return context.errors


class _Context(NodeKeyedContext):
    """What the rules know of a document, and the ``errors`` that they report.

    graphql-core walks through every definition for variables, also where nothing is given a value. Nothing here leads
    back to the context: in a cycle it would keep the document, wherever that is kept no more, until the garbage
    collector comes.
    """

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, types: TypeInfo, *, hide_suggestions: bool
    ) -> None:
        self.errors: list[GraphQLError] = []
        super().__init__(schema, document, types, self.errors, hide_suggestions=hide_suggestions)

    def report_error(self, error: GraphQLError) -> None:
        if len(self.errors) == MAX_ERRORS:
            raise ValidationAbortedError("Too many validation errors, error limit reached. Validation aborted.")
        super().report_error(error)
        if len(self.errors) == MAX_SUGGESTING:
            self.suggest_no_more()

    def find_variable_usages(
        self, node: OperationDefinitionNode | FragmentDefinitionNode, types: TypeInfo
    ) -> list[VariableUsage]:
        visitor = VariableUsageVisitor(types, node if isinstance(node, FragmentDefinitionNode) else None)
        if node.directives or _gives_values(node.selection_set):
            Traversal(types, [visitor]).walk(node)
        return visitor.usages


def _gives_values(selected: SelectionSetNode) -> bool:
    """Whether anything below has arguments, or directives, which may have some."""
    pending = [selected]
    while pending:
        for selection in pending.pop().selections:
            if selection.directives:
                return True
            match selection:
                case FieldNode(arguments=arguments, selection_set=inner):
                    if arguments:
                        return True
                    if inner:
                        pending.append(inner)
                case InlineFragmentNode(selection_set=inner):
                    pending.append(inner)
    return False


class _NoSubgraphRule(ValidationRule):
    """As graphql-core's rule against introspection, for the definition of the subgraph."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        type_ = get_named_type(self.context.get_type())
        if type_ is not None and type_.name == "_Service":
            message = f"The schema is not given out, but the requested query contained the field '{node.name.value}'."
            self.report_error(GraphQLError(message, node))
