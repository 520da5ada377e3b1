"""The intervals of a zone are the same by quarters of an hour, wherever the clocks of that zone are set."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from gateway.insights.time_intervals import TimeInterval, quarter_hour_of, start_of
from gateway.store.client import Database

# Half an hour of daylight saving, offsets of quarters, clocks put back a minute past midnight until 2011, a day left
# out, offsets of seconds and of twenty minutes long ago.
ZONES = (
    *("Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Pacific/Apia"),
    *("Europe/Amsterdam", "Europe/Berlin", "Africa/Monrovia", "UTC"),
)


def times() -> list[datetime]:
    choose = random.Random(15)
    begin, days = datetime(1930, 1, 1, tzinfo=UTC), 110 * 365
    anywhere = [begin + timedelta(milliseconds=choose.randrange(days * 86_400_000)) for _ in range(2_000)]
    # Around midnights and the minutes at which clocks are changed.
    midnights = [
        time.replace(hour=choose.choice((0, 3, 14, 22)), minute=choose.choice((0, 1, 29, 31))) for time in anywhere
    ]
    put_back = [datetime(2010, 11, 7, 2, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(180)]
    return [*anywhere, *midnights, *put_back]


@pytest.mark.parametrize("interval", TimeInterval)
async def test_a_quarter_of_an_hour_is_within_one_interval_of_every_zone(
    interval: TimeInterval, database: Database
) -> None:
    await database["times"].insert_many([{"at": time} for time in times()])
    differing = {
        zone.replace("/", "_"): {
            "$ne": [start_of("$at", interval, zone), start_of(quarter_hour_of("$at"), interval, zone)]
        }
        for zone in ZONES
    }
    found = await database["times"].aggregate([{"$project": {"at": 1, **differing}}])
    assert [row async for row in found if any(row[name] for name in differing)] == []
