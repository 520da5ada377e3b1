"""The house as the README shows it: its packages and what they hold, their modules, and the tests that mirror them."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GATEWAY = ROOT / "gateway"
MODULES = sorted(GATEWAY.rglob("*.py"))
PACKAGES = [module.parent for module in MODULES if module.name == "__init__.py" and module.parent != GATEWAY]

# Folders of tests that aren't of one room, with what they hold.
OTHER_TESTS = {
    "clients": "clients of the JavaScript world, and of the original REST endpoints",
    "compiler/shapes": "the sources of generated functions, as committed",
    "distribution": "what is published, built and installed",
    "end_to_end": "a served gateway, attacked",
    "execution/operations": "operations beside their commands and answers, as committed",
    "fairness": "the dearest requests that the limits allow, and what others notice of them",
    "faults": "a replica set that is killed and cut off",
    "generators": "what hypothesis makes documents, filters and operations of",
    "harness": "what tests run the gateway and its clients with",
    "native_fuzzing": "the fuzzer of the native back end, whose program is in native/fuzz",
    "oracle": "what filters mean, said a second time",
    "project": "the repository itself",
    "reports": "what people report of other systems, tried here",
    "schema/introspection": "introspection queries of clients",
}


def rows() -> dict[str, str]:
    """The README's table: what each room holds, by its path."""
    return dict(re.findall(r"^\| `(gateway/[\w./]+)` \| (.+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE))


def docstring(module: Path) -> str:
    """The module's docstring as the README spells it."""
    return (ast.get_docstring(ast.parse(module.read_text())) or "").replace("``", "`")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.relative_to(ROOT)))
def test_a_package_is_what_the_readme_says_it_is(package: Path) -> None:
    room, row = f"{package.relative_to(ROOT)}/", docstring(package / "__init__.py")
    assert row, f"{room}__init__.py needs a docstring of one line"
    assert "\n" not in row, f"the docstring of {room}__init__.py is the README's row, so it has one line"
    assert rows().get(room) == row, f'README.md, "The house", needs the row: | `{room}` | {row} |'


def test_the_readme_has_no_other_rooms() -> None:
    modules = {str(module.relative_to(ROOT)) for module in MODULES}
    packages = {f"{package.relative_to(ROOT)}/" for package in PACKAGES}
    assert rows().keys() <= modules | packages
    assert all(docstring(ROOT / room) == row for room, row in rows().items() if room in modules)


def test_at_the_top_stand_packages_and_hardly_a_module() -> None:
    modules = {module.stem for module in GATEWAY.glob("*.py")} - {"__init__", "__main__"}
    assert len(modules) <= 3
    assert {f"gateway/{module}.py" for module in modules} <= rows().keys(), "a module at the top has a row, too"


def test_a_module_is_told_by_its_name() -> None:
    names = Counter(module.name for module in MODULES if module.stem not in ("__init__", "__main__"))
    assert [name for name, times in names.items() if times > 1] == []


def test_no_module_is_long() -> None:
    lengths = {str(module.relative_to(ROOT)): len(module.read_text().splitlines()) for module in MODULES}
    assert {module: length for module, length in lengths.items() if length > 300} == {}


# What a class's summary doesn't begin with: it is a noun phrase that says what the class is.
NO_NOUN = re.compile(
    r"``|(As|How|If|Its?|That|When|Where|Whether"
    r"|Admits|Answers|Builds|Calls|Checks|Closes|Coerces|Connects|Creates|Decides|Deletes|Does|Gives|Holds|Is|Judges|Keeps"
    r"|Makes|Raises|Reads(?! of)|Records|Refuses|Runs|Says|Sends|Stands|Takes|Tells|Turns|Writes)\b"
)


def is_graph_type(class_: ast.ClassDef) -> bool:
    """Whether clients see the class, by a description of its own."""
    decorators = {ast.unparse(decorator).partition("(")[0] for decorator in class_.decorator_list}
    bases = {ast.unparse(base) for base in class_.bases}
    strawberry = {f"strawberry.{kind}" for kind in ("type", "interface", "input", "enum")}
    return bool(decorators & (strawberry | {"records"}) or bases & {"WireObject", "_Embedded"})


def test_a_class_is_told_by_a_noun_phrase() -> None:
    summaries = {
        f"{module.relative_to(ROOT)}: {node.name}": ast.get_docstring(node) or "``"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not is_graph_type(node)
    }
    assert {name: summary for name, summary in summaries.items() if NO_NOUN.match(summary)} == {}


def test_tests_mirror_the_rooms() -> None:
    folders = {
        str(folder.relative_to(ROOT / "tests"))
        for folder in (ROOT / "tests").rglob("*")
        if folder.is_dir() and "__pycache__" not in folder.parts and "node_modules" not in folder.parts
    }
    rooms = {str(package.relative_to(GATEWAY)) for package in PACKAGES}
    assert folders - rooms - OTHER_TESTS.keys() == set(), "name in OTHER_TESTS what isn't of one room"
    assert OTHER_TESTS.keys() <= folders


# What tests replace of the gateway beside its limits and time-outs, and what for.
REPLACED = {
    "_count": "to see the most that is counted",
    "parse_within": "that it isn't called",
    "bind": "that it isn't called",
    "find": "to count its calls",
    "find_by_ids": "to write ahead of it",
    "resolve": "to count its calls",
    "run": "to lose a cancellation, as the driver may",
    "step": "to record beside it, or to fail",
}


def test_nothing_is_mocked() -> None:
    replaced: set[str] = set()
    for test in (ROOT / "tests").rglob("*.py"):
        if test == Path(__file__):
            continue
        source = test.read_text()
        assert not re.search(r"\bmock\b|Mock\(|mocker", source), test
        names = re.findall(r"\.setattr\((?:[\w.]+, )?\"(?:[\w.]+\.)?(\w+)\"", source)
        assert len(names) == source.count("setattr("), f"what {test} replaces is named by a string"
        replaced |= {name for name in names if not name.isupper()}
    assert replaced == REPLACED.keys()


def named(text: str) -> Iterator[str]:
    """Paths and dotted names of this repository that stand between backticks in a Markdown text; hidden folders are
    made by what is run."""
    for code in re.findall(r"`([^`\n]+)`", text):
        yield from re.findall(r"(?<![\w/.])(?:gateway|tests|bench|docs)/(?!\.)[\w./-]*[\w/]", code)
        yield from re.findall(r"^gateway(?:\.\w+)+", code)


def is_there(name: str) -> bool:
    if "/" in name:
        return (ROOT / name).exists()
    *module, last = name.split(".")
    path = ROOT.joinpath(*module)
    source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    if path.joinpath(last).is_dir() or path.joinpath(last).with_suffix(".py").exists():
        return True
    return source.exists() and re.search(rf"\b{last}\b", source.read_text()) is not None


@pytest.mark.parametrize(
    "file",
    [
        str(file.relative_to(ROOT))
        for pattern in ("README.md", "SECURITY.md", "docs/*.md", "bench/README.md", "examples/**/README.md")
        for file in sorted(ROOT.glob(pattern))
        if "node_modules" not in file.parts
    ],
)
def test_what_a_page_names_is_there(file: str) -> None:
    assert [name for name in named((ROOT / file).read_text(encoding="utf-8")) if not is_there(name)] == []


def test_names_are_looked_for_where_they_are() -> None:
    text = "`tests/project/test_house.py -k names`, `gateway.settings.reference()`, docs/a.md and `bench/.data`"
    assert list(named(text)) == ["tests/project/test_house.py", "gateway.settings.reference"]
    assert is_there("gateway.model.documents.derived_fields")
    assert is_there("gateway.plan")
    assert not is_there("gateway.model.documents.no_such_function")
    assert not is_there("gateway.no_such_room.derived")
    assert not is_there("tests/project/test_no_such_house.py")


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    for page in sorted(folder.glob("[0-9]*.md")):
        title = re.sub(r"^# (\d+[.:] )?", "", page.read_text().partition("\n")[0])
        line = f"- [{page.name.partition('-')[0]}]({page.name}): {title}"
        assert line in index.splitlines(), f"docs/decisions/README.md needs the line: {line}"
