"""What is logged: by whom, in which form, and without secrets."""

import io
import logging
import logging.config
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from copy import deepcopy

import pytest

from gateway.errors.incidents import as_incident
from gateway.model import secret_keys
from gateway.observability.log_lines import configuration, event_logger

SECRET = secret_keys.generate()[0]
URI = "mongodb://ops:p%40ss/w@rd@db.example:27017,db2.example/?replicaSet=rs0"
LIBRARIES = ("uvicorn.error", "uvicorn.access", "websockets.server", "pymongo.command", "asyncio", "anything.at.all")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is printed at the level debug; afterwards logging is as it was."""
    loggers = [logging.getLogger(name) for name in ("", "gateway", *LIBRARIES, "uvicorn", "uvicorn.asgi", "websockets")]
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    printed = io.StringIO()
    settings = deepcopy(configuration("DEBUG"))
    settings["handlers"]["stderr"]["stream"] = printed
    logging.config.dictConfig(settings)
    yield printed
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


def without_time(line: str) -> str:
    stated = re.match(r"20\d\d-\d\d-\d\dT[\d:.]+Z ", line)
    assert stated, line
    return line[stated.end() :]


@pytest.mark.parametrize("library", LIBRARIES)
def test_of_libraries_only_what_is_severe_is_logged(log: io.StringIO, library: str) -> None:
    logger = logging.getLogger(library)
    logger.info("< Authorization: %s", SECRET)
    # Also where a library says otherwise itself.
    logger.setLevel(logging.DEBUG)
    logger.debug("< Authorization: %s", SECRET)
    assert log.getvalue() == ""
    logger.warning("It is full.")
    assert without_time(log.getvalue()) == "WARNING:  It is full.\n"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"key={SECRET[:20]}",
        f"query Key_{SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"a token eyJhbGciOiJSUzI1NiJ9.{SECRET}.{SECRET} is wrong",
        f"(b'authorization', b'Bearer {SECRET}')",
        f'{{"Authorization":"bearer {SECRET}"}}',
        f"'authorization': '{SECRET}'",
        "Authorization: Basic b3BzOnA0c3N3MHJk",
        "authorization=b3BzOnA0c3N3MHJk",
        f"no server answers at {URI}",
        f"MongoClient(host=['{URI}'])",
    ],
    # The secret is another one in each process that runs tests.
    ids=lambda text: text.replace(SECRET, "SECRET").replace(SECRET[:20], "SECRET"),
)
def test_no_secret_is_logged_by_anybody(log: io.StringIO, text: str) -> None:
    logging.getLogger("gateway.anything").debug("It said %s, and so on", text)
    logging.getLogger("pymongo.client").error(text)
    try:
        raise ValueError(text)
    except ValueError as error:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
        as_incident(error)
    assert log.getvalue().count("ValueError") == 4
    for secret in (SECRET[3:], SECRET[15:20], "b3BzOnA0c3N3MHJk", "p%40ss", "w@rd", "rd@db"):
        assert secret not in log.getvalue()


def test_a_secret_that_a_long_message_is_cut_within_is_not_logged_either(log: io.StringIO) -> None:
    for padding in range(1_900, 2_001, 3):
        as_incident(ValueError(f"Bearer {SECRET}" + "." * padding))
    assert SECRET[-10:] not in log.getvalue()
    assert SECRET[15:25] not in log.getvalue()


def test_what_a_client_wrote_neither_controls_the_terminal_nor_looks_like_a_record(log: io.StringIO) -> None:
    logging.getLogger("gateway.anything").warning("It said %s", "\x1b[2J\r\x9b1A\u202e\nERROR:    forged\u2028\x7f")
    assert without_time(log.getvalue()) == (
        "WARNING:  It said \\u001b[2J\\u000d\\u009b1A\\u202e\n    ERROR:    forged\\u2028\\u007f\n"
    )


class _Full(io.StringIO):
    """A file on a disk that is full."""

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


class _Counting(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)


@pytest.mark.parametrize("stream", [_Full(), None], ids=["full", "closed"])
def test_a_record_that_cannot_be_written_is_counted_and_raises_nothing(stream: io.StringIO | None) -> None:
    lost: list[None] = []
    # As Python has it where it was closed.
    with redirect_stderr(stream):
        logger = event_logger("info", "json", lambda: lost.append(None))
    logger.info("operation", name="A")
    logger.error("operation")
    assert len(lost) == 2


def test_a_record_is_written_at_once_as_several_workers_write_into_one_log() -> None:
    with redirect_stderr(_Counting()) as stream:
        event_logger("info", "text").warning("operation", name="A")
    assert [without_time(text) for text in stream.writes] == ["WARNING:  operation name=A\n"]
