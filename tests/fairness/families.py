"""Families of requests: each of one root field, and larger by size in what one limit bounds."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from graphql import GraphQLSchema, get_named_type

from gateway.limits import CONNECTION_DEFAULTS, DEFAULTS
from gateway.limits.where_bounds import MAX_COMPARISONS, MAX_LEVELS, MAX_PATTERNS, MAX_VALUES
from gateway.model.wire.recording_validation import MAX_DOCUMENT
from tests.fairness.inputs import FILTERS, NUMBER, Input, ids, recordings
from tests.fairness.requests import Draft, Pressed, Root
from tests.fairness.selections import FILTER, Selection, Selections
from tests.fairness.targets import Targets

_MOST_OF_FILTERS = {
    "MAX_COMPARISONS": MAX_COMPARISONS,
    "MAX_PATTERNS": MAX_PATTERNS,
    "MAX_PARTS_LENGTH": MAX_PATTERNS,
    "MAX_PATTERNS_LENGTH": MAX_PATTERNS,
    "MAX_VALUES": MAX_VALUES,
    "MAX_LEVELS": MAX_LEVELS,
    "json_nodes": DEFAULTS.json_nodes,
    "json_depth": DEFAULTS.json_depth,
}
_MOST_OF_INPUTS = {
    "body_bytes": MAX_DOCUMENT,
    "json_nodes": DEFAULTS.json_nodes,
    "list_items": DEFAULTS.list_items,
    "MAX_DOCUMENT": DEFAULTS.list_items,
}
# What is nested in pages of the greatest size is asked for the whole page.
_PAGE = DEFAULTS.page_size
_COUNTED = 1_000


class Families:
    """The families of requests of one root field, each of which comes near to one limit."""

    def __init__(self, schema: GraphQLSchema, root: Root, targets: Targets) -> None:
        self._root = root
        self._targets = targets
        self._type = get_named_type(root.field.type)
        self._selections = Selections(schema)

    def all(self) -> Iterator[Pressed]:
        """Those that this root field has requests for, of whatever size."""
        of, root = self._selections, self._root
        if root.is_connection:
            yield Pressed("page_size", "", DEFAULTS.page_size, lambda n: self._draft(of.broad(self._type, 2), page=n))
            yield Pressed("cost", "counted", 10_000, self._counted)
        if root.lists:
            yield Pressed("list_items", "", DEFAULTS.list_items, lambda n: self._draft(of.broad(self._type, 2), page=n))
        if root.lists_lists:
            yield Pressed("cost", "lists of lists", 20_000, lambda n: self._draft(of.broad(self._type, 1), page=n))
        yield Pressed("cost", "pages in pages", 100, self._pages_in_pages)
        yield Pressed("depth", "connections", DEFAULTS.depth, lambda n: self._deep(n, by_connections=True))
        yield Pressed("depth", "groups", DEFAULTS.depth, lambda n: self._deep(n, by_connections=False))
        yield Pressed("fields", "", DEFAULTS.depth, lambda n: self._draft(of.doubling(self._type, n)))
        yield Pressed("fields", "new", DEFAULTS.depth, lambda n: self._draft(of.doubling(self._type, n), new=True))
        yield Pressed(
            "aliases", "leaves", DEFAULTS.aliases, lambda n: self._draft(of.aliased(self._type, n), page=_PAGE)
        )
        yield Pressed("aliases", "lists", DEFAULTS.aliases, self._aliased_lists)
        yield Pressed("root_fields", "", DEFAULTS.root_fields, self._root_fields)
        # Beyond about 140 the same response key is refused.
        yield Pressed("tokens", "new", 160, self._repeated)
        yield Pressed("tokens", "invalid", DEFAULTS.tokens, self._invalid, valid=False)
        yield Pressed("source_bytes", "new", DEFAULTS.source_bytes, self._padded)
        yield Pressed("comments", "new", DEFAULTS.comments, self._commented)
        yield Pressed("directives", "new", DEFAULTS.directives, self._conditional)
        yield Pressed("operations", "new", DEFAULTS.operations, self._operations)
        yield Pressed("body_bytes", "undeclared variables", CONNECTION_DEFAULTS.body_bytes, self._undeclared)
        for limit, filter_ in self._filters.items():
            yield Pressed(limit, "where", _MOST_OF_FILTERS[limit], partial(self._filtered, filter_))
        if root.input_type:
            for limit in recordings(root.input_type, 1):
                most = _MOST_OF_INPUTS[limit]
                yield Pressed(limit, "input", most, partial(self._recording, limit))

    def _draft(
        self,
        selection: str | Selection | None = None,
        *,
        page: int = 1,
        times: int = 1,
        new: bool = False,
        filter_: dict[str, Any] | None = None,
        variables: dict[str, Any] | None = None,
        input_: dict[str, Any] | None = None,
    ) -> Draft | None:
        """The operation with the root field so many times, which asks for pages or lists of this size."""
        root = self._root
        if selection is None:
            selection = self._selections.broad(self._type, 1)
        text, fragments = (selection.text, selection.fragments) if isinstance(selection, Selection) else (selection, "")
        given: list[str] = []
        declared: list[str] = []
        values: dict[str, Any] = {}
        for name, argument in root.field.args.items():
            match name:
                case "first":
                    given.append(f"first: {page}")
                case "where" if filter_ is not None:
                    given.append("where: $where")
                case "input":
                    values["input"] = input_ if input_ is not None else self._light_input
                    given.append("input: $input")
                    declared.append(f"$input: {argument.type}")
                case "name":
                    given.append('name: "Query"')
                case _ if name == root.lists:
                    kind = "userIds" if root.name == "users" else name
                    values["ids"] = ids(kind, self._targets, page)
                    given.append(f"{name}: $ids")
                    declared.append(f"$ids: {argument.type}")
                case _ if str(argument.type) == "ID!":
                    given.append(f'{name}: "{self._targets.ids(name, 1)[0]}"')
        if filter_ is not None:
            if "where" in root.field.args:
                declared.append(f"$where: {root.field.args['where'].type}")
            else:
                declared.append(f"$where: {FILTER}")
            values["where"] = filter_
        call = f"{root.name}({', '.join(given)})" if given else root.name
        fields = " ".join(f"r{number}: {call} {text}" if times > 1 else f"{call} {text}" for number in range(times))
        # Subscriptions that are the same are answered once for all of them.
        name = f" Q{NUMBER}" if new or root.operation == "subscription" else " Q" if declared else ""
        head = f"{root.operation}{name}" + (f"({', '.join(declared)})" if declared else "")
        return Draft(f"{head} {{ {fields} }} {fragments}".rstrip(), values | (variables or {}))

    @property
    def _filters(self) -> Mapping[str, Callable[[int], Input]]:
        """The filters that the root field takes, or the first connections below it."""
        where = self._root.field.args.get("where")
        if where is not None:
            return FILTERS[str(where.type)]
        return FILTERS[FILTER] if self._selections.pages_in_pages(self._type, 1, connections=1) else {}

    @property
    def _light_input(self) -> Input:
        inputs = recordings(str(self._root.input_type), 1).values()
        return [input_ for input_ in inputs if input_ is not None][-1]

    def _counted(self, thousands: int) -> Draft | None:
        return self._draft(f"{{ totalCount(upTo: {thousands * _COUNTED}) }}")

    def _pages_in_pages(self, outer: int) -> Draft | None:
        if self._root.is_connection:
            return self._draft(self._selections.pages(self._type, _PAGE, connections=2), page=outer)
        of = self._selections if self._root.lists else self._selections.with_page(outer)
        text = of.pages_in_pages(self._type, _PAGE, connections=1 if self._root.lists else 2)
        return None if text is None else self._draft(text, page=outer)

    def _deep(self, levels: int, *, by_connections: bool) -> Draft | None:
        return self._draft(self._selections.deep(self._type, levels, by_connections=by_connections))

    def _aliased_leaves(self, count: int) -> Draft | None:
        return self._draft(self._selections.aliased(self._type, count), page=_PAGE)

    def _aliased_lists(self, count: int) -> Draft | None:
        text = self._selections.aliased_lists(self._type, count)
        return None if text is None else self._draft(text, page=_PAGE)

    def _root_fields(self, count: int) -> Draft | None:
        return self._draft(self._selections.broad(self._type, 2), page=_PAGE, times=count)

    def _repeated(self, times: int) -> Draft | None:
        text = self._selections.broad(self._type, 1)
        return self._draft(f"{{ {' '.join([text[1:-1]] * times)} }}", new=True)

    def _invalid(self, times: int) -> Draft | None:
        return self._draft(f"{{ {' '.join(f'unknown{number}' for number in range(times))} }}", new=True)

    def _padded(self, bytes_: int) -> Draft | None:
        draft = self._draft(new=True)
        return draft and Draft(f"{draft.query} #{'x' * bytes_}", draft.variables)

    def _commented(self, count: int) -> Draft | None:
        draft = self._draft(new=True)
        return draft and Draft(draft.query + "\n#" * count, draft.variables)

    def _conditional(self, count: int) -> Draft | None:
        fields = " ".join(f"c{number}: __typename @include(if: true)" for number in range(count))
        return self._draft(f"{{ {fields} {self._selections.broad(self._type, 1)[1:]}", new=True)

    def _operations(self, count: int) -> Draft | None:
        one = self._draft(self._selections.broad(self._type, 1), new=True)
        if one is None:
            return None
        named = [one.query.replace(f"Q{NUMBER}", f"Q{number}x{NUMBER}") for number in range(count)]
        return Draft(" ".join(named), one.variables, f"Q0x{NUMBER}")

    def _undeclared(self, bytes_: int) -> Draft | None:
        draft = self._draft()
        return draft and Draft(
            draft.query, draft.variables | {"undeclared": NUMBER + "a" * bytes_}, draft.operation_name
        )

    def _filtered(self, written: Callable[[int], Input], size: int) -> Draft | None:
        filter_ = written(size)
        if "where" in self._root.field.args:
            return self._draft("{ totalCount nodes { __typename } }", page=_PAGE, filter_=filter_)
        of = Selections(self._selections.schema, _PAGE, filtered=True)
        text = of.pages_in_pages(self._type, _PAGE, connections=1)
        return None if text is None else self._draft(text, filter_=filter_)

    def _recording(self, limit: str, size: int) -> Draft | None:
        input_ = recordings(str(self._root.input_type), size)[limit]
        return None if input_ is None else self._draft(input_=input_)
