"""The intervals of a zone are those of its clocks, as Python knows them, and the same by quarters of an hour."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.insights.time_intervals import TimeInterval, instant_of, quarter_hour_of, start_of, starts
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
            "$ne": [
                start_of("$at", interval, zone, None, None),
                start_of(quarter_hour_of("$at"), interval, zone, None, None),
            ]
        }
        for zone in ZONES
    }
    found = await database["times"].aggregate([{"$project": {"at": 1, **differing}}])
    assert [row async for row in found if any(row[name] for name in differing)] == []


# Of all but the last two, the database of zones in MongoDB 6.0.5 says otherwise, or nothing.
RECENT_ZONES = (
    *("America/Mexico_City", "Africa/Cairo", "Asia/Almaty", "Pacific/Fiji", "America/Nuuk", "America/Ciudad_Juarez"),
    *("America/Sao_Paulo", "Europe/Berlin"),
)
RANGES = (
    (None, None),
    (datetime(2019, 6, 1, 12, tzinfo=UTC), None),
    (None, datetime(2027, 2, 1, tzinfo=UTC)),
    (datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
)


@pytest.mark.parametrize("interval", TimeInterval)
@pytest.mark.parametrize(("first", "last"), RANGES)
async def test_intervals_are_those_of_the_zone_whatever_zones_the_database_knows(
    interval: TimeInterval, first: datetime | None, last: datetime | None, database: Database
) -> None:
    low, high = first or datetime(2010, 1, 1, tzinfo=UTC), last or datetime(2035, 1, 1, tzinfo=UTC)
    choose = random.Random(16)
    anywhere = [low + (high - low) * choose.random() for _ in range(300)]
    at = [low, high, *(time.replace(microsecond=time.microsecond // 1_000 * 1_000) for time in anywhere)]
    await database["times"].insert_many([{"at": time} for time in at])
    for name in (*ZONES, *RECENT_ZONES):
        rows = await database["times"].aggregate(
            [{"$project": {"at": 1, "start": start_of("$at", interval, name, first, last)}}]
        )
        async for row in rows:
            start = instant_of(row["start"].replace(tzinfo=UTC), interval, ZoneInfo(name))
            time = row["at"].replace(tzinfo=UTC)
            assert [start] == list(starts(time, time, interval, ZoneInfo(name)))[:1], (name, time)


@pytest.mark.parametrize("interval", TimeInterval)
async def test_at_the_end_of_all_times_a_zone_has_no_interval(interval: TimeInterval, database: Database) -> None:
    await database["times"].insert_one({"at": datetime(9999, 12, 31, 23, tzinfo=UTC)})
    shown_later = await database["times"].aggregate(
        [{"$project": {"start": start_of("$at", interval, "Asia/Tokyo", None, None)}}]
    )
    assert [row["start"] async for row in shown_later] == [None]


def test_a_day_that_a_zone_never_had_is_no_interval() -> None:
    """Samoa went from 29 to 31 December 2011, to the other side of the date line."""
    first, last = datetime(2011, 12, 29, 12, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC)
    days = starts(first, last, TimeInterval.DAY, ZoneInfo("Pacific/Apia"))
    assert [f"{day:%d %H:%M}" for day in days] == ["29 10:00", "30 10:00", "31 10:00", "01 10:00"]
