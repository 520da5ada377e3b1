from gateway.plan.fetched_pages import strings_at


def test_each_string_at_a_path_is_found_once_in_the_order_of_the_documents() -> None:
    assert strings_at([{"id": "b"}, {"id": "a"}, {"id": "b"}], "id") == ["b", "a"]


def test_strings_are_found_below_objects_and_through_lists_on_the_way() -> None:
    documents = [{"a": {"b": "1"}}, {"a": [{"b": "2"}, {"b": ["3", ["4"]]}]}, {"a": {"b": ["1", "5"]}}]
    assert strings_at(documents, "a.b") == ["1", "2", "3", "4", "5"]


def test_nothing_else_is_found() -> None:
    documents = [{}, {"a": None}, {"a": "no object"}, {"a": {}}, {"a": {"b": None}}, {"a": {"b": 7}}, {"a": {"b": {}}}]
    assert strings_at(documents, "a.b") == []


def test_the_empty_path_is_the_document_itself() -> None:
    assert strings_at(["x", {"id": "y"}, None], "") == ["x"]
