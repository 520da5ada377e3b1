import sys

from gateway.transport.server.read_turns import Backlog


def test_a_backlog_is_read_in_slices() -> None:
    backlog = Backlog(4)
    backlog.add(b"abcdef")
    backlog.add(b"gh")
    assert (backlog.slice(), backlog.slice(), bool(backlog)) == (b"abcd", b"efgh", False)


def test_what_has_been_read_is_not_kept() -> None:
    data = bytes(range(6))
    unread = sys.getrefcount(data)
    backlog = Backlog(4)
    backlog.add(data)
    backlog.slice()
    assert sys.getrefcount(data) > unread
    backlog.slice()
    assert sys.getrefcount(data) == unread
