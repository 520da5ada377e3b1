from bson import Int64

from gateway.plan.fetched_pages import ids_at


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


def test_the_empty_path_is_the_document_itself() -> None:
    assert ids_at(["x", {"id": "y"}, None], "") == ["x"]
