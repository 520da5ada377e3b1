from datetime import UTC, datetime, timedelta

from gateway.interchange.content_ids import BatchIds

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
EVENT = {"a": 1, "b": [2]}


def test_the_same_batch_gets_the_same_ids() -> None:
    batches = [BatchIds(NOON + timedelta(hours=hours)) for hours in (0, 1)]
    ids = [[batch.identify(EVENT, has_time=True) for _ in range(3)] for batch in batches]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
    assert batches[0].identify({"b": [2.0], "a": 1}, has_time=True) not in ids[0]


def test_what_has_no_time_is_another_a_minute_later() -> None:
    ids = {
        BatchIds(NOON + timedelta(seconds=seconds)).identify(EVENT, has_time=False): seconds
        for seconds in (0, 59, 60, 119)
    }
    assert list(ids.values()) == [59, 119]
    assert BatchIds(NOON).identify(EVENT, has_time=True) not in ids
