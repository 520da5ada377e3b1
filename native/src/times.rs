//! Times as `DateTime` and as cursors spell them.

use std::io::Write;

use crate::reasons::Reason;

// The first and the last millisecond of Python's years.
const TIMES: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;
const DAY: i64 = 86_400_000;

/// A time in milliseconds since 1970 as `DateTime` spells it, without quotes.
pub fn time(out: &mut Vec<u8>, milliseconds: i64) -> Result<(), Reason> {
    let within = to_the_second(out, milliseconds)?;
    write!(out, ".{within:03}Z").expect("a vector takes all");
    Ok(())
}

/// The same as cursors have it: with microseconds, where it isn't at a full second.
pub fn time_of_cursor(out: &mut Vec<u8>, milliseconds: i64) -> Result<(), Reason> {
    let within = to_the_second(out, milliseconds)?;
    if within > 0 {
        write!(out, ".{within:03}000").expect("a vector takes all");
    }
    out.push(b'Z');
    Ok(())
}

/// The milliseconds behind the second.
fn to_the_second(out: &mut Vec<u8>, milliseconds: i64) -> Result<i64, Reason> {
    if !TIMES.contains(&milliseconds) {
        return Err(Reason::OddType);
    }
    let (days, within) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let seconds = within / 1_000;
    let digits = |number: i64| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
    out.extend_from_slice(&digits(year / 100));
    out.extend_from_slice(&digits(year % 100));
    for (sign, number) in
        [(b'-', month), (b'-', day), (b'T', seconds / 3_600), (b':', seconds / 60 % 60), (b':', seconds % 60)]
    {
        out.push(sign);
        out.extend_from_slice(&digits(number));
    }
    Ok(within % 1_000)
}

/// Year, month and day of the Gregorian calendar, of days since 1970; by Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spelling::spelled;

    #[test]
    fn times_of_all_years_of_python_have_a_spelling() {
        for (milliseconds, expected) in [
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(spelled(|out| time(out, milliseconds).unwrap()), expected);
        }
        for milliseconds in [i64::MIN, -62_135_596_800_001, 253_402_300_800_000, i64::MAX] {
            assert_eq!(time(&mut Vec::new(), milliseconds), Err(Reason::OddType));
        }
        assert_eq!(spelled(|out| time_of_cursor(out, 1_500).unwrap()), "1970-01-01T00:00:01.500000Z");
        assert_eq!(spelled(|out| time_of_cursor(out, 1_000).unwrap()), "1970-01-01T00:00:01Z");
    }
}
