import pytest
from bson import Int64, ObjectId

from gateway.errors import QueryTooBroad
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan.fetched_pages import Pages, ids_at
from gateway.plan.paging import Page


def test_each_id_at_a_path_is_found_once_in_the_order_of_the_documents() -> None:
    assert ids_at([{"id": "b"}, {"id": "a"}, {"id": "b"}], "id") == ["b", "a"]


def test_ids_are_found_below_objects_and_through_lists_on_the_way() -> None:
    documents = [{"a": {"b": "1"}}, {"a": [{"b": "2"}, {"b": ["3", ["4"]]}]}, {"a": {"b": ["1", "5"]}}]
    assert ids_at(documents, "a.b") == ["1", "2", "3", "4", "5"]


def test_nothing_else_is_found() -> None:
    documents = [
        {},
        {"a": None},
        {"a": "no object"},
        {"a": {}},
        {"a": {"b": None}},
        {"a": {"b": 7.5}},
        {"a": {"b": {}}},
    ]
    assert ids_at(documents, "a.b") == []


def test_numbers_are_the_ids_that_they_read_as() -> None:
    documents = [{"a": 42}, {"a": "42"}, {"a": 42.0}, {"a": Int64(7)}, {"a": True}]
    assert ids_at(documents, "a") == ["42", "7"]


def test_object_ids_are_the_ids_that_they_read_as() -> None:
    text = "6631f1c0a7b2c3d4e5f60718"
    assert ids_at([{"a": ObjectId(text)}, {"a": [text, text.upper()]}], "a") == [text, text.upper()]


def test_the_empty_path_is_the_document_itself() -> None:
    assert ids_at(["x", {"id": "y"}, None], "") == ["x"]


def page(total: int | None) -> Page:
    return Page(time_order(INTERACTION, descending=True), [], has_next_page=False, has_previous_page=False, total=total)


def test_a_total_is_given_up_to_its_bound_and_where_it_took_too_long_not_at_all() -> None:
    path = ("Query.interactions", "InteractionConnection.totalCount")
    pages = Pages(time_limit_ms=3_000)
    pages.put_bounds({path: 10}, ("position", "metadata.a"))
    assert (pages.total(path, page(9)), pages.total(path, page(11))) == (9, 10)
    with pytest.raises(QueryTooBroad, match=r"longer than 3,000 ms\. No index serves `position`, `metadata.a`"):
        pages.total(path, page(None))
