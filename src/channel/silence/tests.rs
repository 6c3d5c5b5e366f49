use std::slice::from_ref;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::channel::TimeZone;
use crate::config::Channel;
use crate::filter::{Facts, Origin};
use crate::intake::{AlertEvent, Status};
use crate::sorted::SortedMap;

const FRIDAY: u64 = 1_795_132_800; // 2026-11-20 00:00 UTC
const DAY: u64 = 86_400;
const HOUR: u64 = 3600;
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const SYDNEY: &str = "AEST-10AEDT,M10.1.0,M4.1.0/3";

fn zone(text: &str) -> TimeZone {
    TimeZone::parse(text).expect(text)
}

/// A rule for alerts of a host, with further fields or others.
fn rule(host: &str, fields: Value) -> Silence {
    let mut rule = json!({"rule_id": host, "filters": [[{"key": "labels.host", "oper": "IN", "vals": [host]}]]});
    for (name, value) in fields.as_object().expect("fields") {
        rule[name] = value.clone();
    }
    serde_json::from_value(rule).expect("a rule")
}

fn once(start: u64, end: u64) -> Value {
    json!({"time_filter": {"start_time": start, "end_time": end}})
}

fn daily(start: &str, end: &str) -> Value {
    json!({"time_filters": [{"start": start, "end": end}]})
}

/// What rules do to an alert of a host.
fn said(rules: &[Silence], host: &str, now_s: u64, zone: &TimeZone, calendars: &[Calendar]) -> Option<Quiet> {
    let labels = SortedMap::from([("host".to_owned(), host.to_owned())]);
    let event = AlertEvent { status: Status::Critical, labels, ..AlertEvent::default() };
    let (facts, channel) = (Facts::of(&event, Origin::default()), Channel::default());
    quiet(rules, Asked { channel: &channel, facts: &facts, now_s, zone, calendars })
}

/// Until when a rule for host `a` keeps an alert.
fn until_in(rule: &Silence, now_s: u64, zone: &TimeZone, calendars: &[Calendar]) -> Option<u64> {
    match said(from_ref(rule), "a", now_s, zone, calendars)? {
        Quiet::Silenced { until, rule_id } => Some(until).filter(|_| rule_id == rule.rule_id),
        Quiet::Discarded(_) => None,
    }
}

fn until(rule: &Silence, now_s: u64) -> Option<u64> {
    assert_eq!(rule.check(&[]), Ok(()));
    until_in(rule, now_s, &TimeZone::default(), &[])
}

fn apply(rules: &[Silence], host: &str, now_s: u64) -> Option<String> {
    Some(match said(rules, host, now_s, &TimeZone::default(), &[])? {
        Quiet::Discarded(rule_id) => format!("{rule_id} discards"),
        Quiet::Silenced { until, rule_id } => format!("{rule_id} until {}", (until - FRIDAY) / HOUR),
    })
}

#[test]
fn a_night_that_ends_in_the_hour_that_is_shown_twice_has_no_gap() {
    // In Berlin it is two o'clock again on 25 October 2026 at 01:00 UTC; half past two comes at 00:30 and at 01:30.
    let (back, nights) = (1_792_890_000, rule("a", daily("22:00", "02:30")));
    let open = |at| until_in(&nights, at, &zone(BERLIN), &[]);
    for at in [back - 5 * HOUR, back - 1801, back - 1800, back - 1, back, back + 1799] {
        assert_eq!(open(at), Some(back + 1800), "{at}");
    }
    assert_eq!([back - 5 * HOUR - 1, back + 1800].map(open), [None; 2]);
}

#[test]
fn once_is_exact_to_the_second_and_in_any_year() {
    let rule = rule("a", once(FRIDAY, FRIDAY + 7));
    let expected = [None, Some(FRIDAY + 7), Some(FRIDAY + 7), None];
    assert_eq!([FRIDAY - 1, FRIDAY, FRIDAY + 6, FRIDAY + 7].map(|now| until(&rule, now)), expected);
    let long = self::rule("a", once(0, 253_402_300_799));
    assert_eq!([0, FRIDAY, 253_402_300_798].map(|now| until(&long, now)), [Some(253_402_300_799); 3]);
    assert_eq!([253_402_300_799, u64::MAX].map(|now| until(&long, now)), [None; 2]);
}

#[test]
fn what_was_never_checked_does_no_harm() {
    let unchecked = rule("a", once(5, u64::MAX));
    let at = |rule: &Silence, now_s| until_in(rule, now_s, &zone(BERLIN), &[]);
    assert_eq!([4, 5].map(|now| at(&unchecked, now)), [None, Some(i64::MAX.unsigned_abs())]);
    assert_eq!(at(&unchecked, u64::MAX), None);
    let times =
        json!({"time_filters": [{"start": "x", "end": "24:00", "repeat": [99], "cal_id": "?", "is_off": true}]});
    assert_eq!(at(&rule("a", times), FRIDAY), None);
    assert_eq!(at(&rule("a", json!({})), FRIDAY), None);
}

#[test]
fn windows_that_touch_are_one_silence() {
    let times = json!({"time_filters": [
        {"start": "22:00", "end": "24:00", "repeat": [5]}, {"start": "00:00", "end": "03:00", "repeat": [6]},
        {"start": "02:00", "end": "04:00", "repeat": [6]}, {"start": "04:01", "end": "05:00"},
    ]});
    let rule = rule("a", times);
    assert_eq!(until(&rule, FRIDAY + 22 * HOUR), Some(FRIDAY + 28 * HOUR));
    assert_eq!(until(&rule, FRIDAY + 27 * HOUR), Some(FRIDAY + 28 * HOUR));
    assert_eq!(until(&rule, FRIDAY + 28 * HOUR), None, "a minute is missing");
}

#[test]
fn every_day_without_end_is_looked_at_for_a_month_and_taken_up_anew() {
    for (start, end) in [("00:00", "24:00"), ("09:00", "09:00")] {
        let rule = rule("a", daily(start, end));
        for now in [0, FRIDAY + 12 * HOUR, 1_774_746_000] {
            let end = until(&rule, now).expect("silent");
            assert!((31 * DAY..=32 * DAY).contains(&(end - now)), "{start} {now}: {end}");
            assert!(until(&rule, end).is_some());
        }
    }
    let weekend = rule("a", json!({"time_filters": [{"start": "00:00", "end": "24:00", "repeat": [6, 0]}]}));
    assert_eq!(until(&weekend, FRIDAY + DAY), Some(FRIDAY + 3 * DAY));
    let quarter = |i: u32| format!("{:02}:{:02}", i / 4, i % 4 * 15);
    let quarters: Vec<_> = (0..96).map(|i| json!({"start": quarter(i), "end": quarter(i + 1)})).collect();
    let bounded = until(&rule("a", json!({"time_filters": quarters})), FRIDAY).expect("silent");
    assert_eq!(bounded, FRIDAY + 401 * 900, "no more steps than that");
}

#[test]
fn the_last_year_ends_and_nothing_begins_after_it() {
    let rule = rule("a", daily("00:00", "24:00"));
    assert_eq!([253_402_300_799, 253_402_300_800].map(|now| until(&rule, now)), [Some(253_402_300_800), None]);
    assert_eq!([u64::MAX, u64::MAX / 2].map(|now| until(&rule, now)), [None; 2]);
}

#[test]
fn a_window_follows_the_clock_when_it_is_changed() {
    let (forth, back) = (1_774_746_000, 1_792_890_000);
    let open = |start, end, now| until_in(&rule("a", daily(start, end)), now, &zone(BERLIN), &[]);
    assert_eq!(open("01:00", "02:30", forth - 1), Some(forth), "an end in the missing hour");
    assert_eq!(open("02:30", "04:00", forth - 1), None, "a start in the missing hour");
    assert_eq!(open("02:30", "04:00", forth), Some(forth + HOUR));
    assert_eq!(open("02:10", "02:50", forth), None, "a window in the missing hour");
    assert_eq!(open("22:00", "06:00", forth - 4 * HOUR), Some(forth + 3 * HOUR), "a night of seven hours");
    assert_eq!(open("22:00", "02:30", forth - 4 * HOUR), Some(forth), "until the change");
    assert_eq!(open("01:00", "02:30", back - HOUR), Some(back + 1800), "an end in the doubled hour");
    assert_eq!(open("01:00", "02:30", back - 1), Some(back + 1800), "its end was shown, but will be shown again");
    assert_eq!(open("02:30", "04:00", back), Some(back + 2 * HOUR), "its start will be shown again");
    assert_eq!(open("02:30", "04:00", back - 1800), Some(back + 2 * HOUR), "a start in the doubled hour");
    assert_eq!(open("02:30", "04:00", back - 1801), None);
    assert_eq!(open("02:10", "02:50", back), Some(back + 3000), "a window in the doubled hour");
    assert_eq!(open("22:00", "06:00", back - 5 * HOUR), Some(back + 4 * HOUR), "a night of nine hours");
}

#[test]
fn in_the_south_summer_time_ends_in_april_and_begins_in_october() {
    let (back, forth) = (1_775_318_400, 1_791_043_200);
    let saturday = |start: &str, end: &str| json!({"time_filters": [{"start": start, "end": end, "repeat": [6]}]});
    let open = |start, end, now| until_in(&rule("a", saturday(start, end)), now, &zone(SYDNEY), &[]);
    let ends = |end| Some(end);
    assert_eq!([5, 0].map(|hours| open("22:00", "02:30", back - hours * HOUR)), [ends(back + 1800); 2], "twice");
    assert_eq!(open("22:00", "02:30", back + 1800), None);
    assert_eq!(open("22:00", "06:00", back - 5 * HOUR), ends(back + 4 * HOUR), "a night of nine hours");
    assert_eq!(open("22:00", "02:30", forth - 4 * HOUR), ends(forth), "an end in the missing hour");
    assert_eq!(open("22:00", "06:00", forth - 4 * HOUR), ends(forth + 3 * HOUR), "a night of seven hours");
    assert_eq!([forth - 4 * HOUR - 1, forth + 3 * HOUR].map(|at| open("22:00", "06:00", at)), [None; 2]);
    // 31 December and 1 January have the same time of summer.
    let newyear = 1_798_722_000; // 1 January 2027 in Sydney
    let over = rule("a", daily("23:00", "01:00"));
    let over = [newyear - HOUR - 1, newyear - HOUR, newyear + HOUR - 1, newyear + HOUR]
        .map(|at| until_in(&over, at, &zone(SYDNEY), &[]));
    assert_eq!(over, [None, Some(newyear + HOUR), Some(newyear + HOUR), None]);
}

#[test]
fn a_day_that_the_clock_shows_twice_has_its_windows() {
    // At half past midnight it is half past eleven again.
    let (zone, back) = (zone("AAA-1BBB,M3.5.0/0:30,M10.5.0/0:30"), 1_792_881_000);
    assert_eq!([back - 1, back].map(|at| zone.offset_s(at)), [7200, 3600]);
    let open = |start, end, day: i64, now: i64| {
        let fields = json!({"time_filters": [{"start": start, "end": end, "repeat": [day]}]});
        let until = until_in(&rule("a", fields), now.unsigned_abs(), &zone, &[]);
        until.map(|until| until.cast_signed() - back)
    };
    assert_eq!(open("00:10", "01:00", 0, back), Some(5400), "begun on a Sunday, and it is Saturday again");
    assert_eq!(open("00:10", "01:00", 0, back - 1201), None);
    assert_eq!(open("23:45", "23:45", 5, back - 1), Some(900), "begun on Friday; it was Sunday and is Saturday again");
    assert_eq!(open("23:45", "23:45", 5, back + 900), None);
}

#[test]
fn a_disabled_rule_never_silences() {
    let fields = |status| json!({"status": status, "time_filters": [{"start": "00:00", "end": "24:00"}]});
    assert!(until(&rule("a", fields("enabled")), FRIDAY).is_some());
    assert_eq!(until(&rule("a", fields("disabled")), FRIDAY), None);
}

#[test]
fn a_rule_that_discards_goes_first_while_it_holds() {
    let discard = |priority: i64, id: &str| {
        let mut rule = rule("a", json!({"is_directly_discard": true, "priority": priority, "rule_id": id}));
        rule.time_filter = Some(Once { start_time: FRIDAY, end_time: FRIDAY + HOUR });
        rule
    };
    let rules =
        [rule("a", once(FRIDAY, FRIDAY + 2 * HOUR)), discard(2, "late"), discard(1, "first"), discard(1, "same")];
    assert_eq!(apply(&rules, "a", FRIDAY).as_deref(), Some("first discards"));
    assert_eq!(apply(&rules, "b", FRIDAY), None, "for others it is not");
    assert_eq!(apply(&rules, "a", FRIDAY + HOUR).as_deref(), Some("a until 2"));
    assert_eq!(apply(&rules, "a", FRIDAY + 2 * HOUR), None);
}

#[test]
fn of_rules_that_keep_the_longest_is_named_and_the_next_ones_are_followed() {
    let named = |id: &str, priority: i64, start, end| {
        let mut rule = rule("a", once(FRIDAY + start * HOUR, FRIDAY + end * HOUR));
        (rule.rule_id, rule.priority) = (id.to_owned(), priority);
        rule
    };
    let mut rules =
        vec![named("short", 0, 0, 1), named("long", 9, 0, 3), named("twin", 1, 0, 3), named("next", 0, 3, 5)];
    assert_eq!(apply(&rules, "a", FRIDAY).as_deref(), Some("twin until 5"));
    assert_eq!(apply(&rules, "a", FRIDAY + 3 * HOUR).as_deref(), Some("next until 5"));
    rules.push(Silence { filters: rule("b", json!({})).filters, ..named("of others", 0, 4, 9) });
    rules.push(Silence { status: RuleStatus::Disabled, ..named("disabled", 0, 4, 9) });
    rules.push(named("gap", 0, 6, 9));
    assert_eq!(apply(&rules, "a", FRIDAY).as_deref(), Some("twin until 5"));
    rules.push(Silence { is_directly_discard: true, ..named("discard", 0, 5, 6) });
    assert_eq!(apply(&rules, "a", FRIDAY).as_deref(), Some("twin until 9"), "also one that discards holds on");
}

#[test]
fn the_longest_is_the_one_that_is_over_last_and_not_the_one_with_the_longest_window() {
    let nights = rule("a", json!({"rule_id": "always", "time_filters": [{"start": "00:00", "end": "24:00"}]}));
    let day = rule("a", json!({"rule_id": "once", "time_filter": {"start_time": 0, "end_time": FRIDAY + 30 * HOUR}}));
    let first = apply(&[day, nights], "a", FRIDAY).expect("silent");
    assert!(first.starts_with("always until "), "{first}");
}

#[test]
fn a_rule_that_cannot_be_followed_is_refused_with_its_field() {
    let window = json!({"start": "08:00", "end": "09:00"});
    let times = |more: Value| json!({"time_filters": [window, more]});
    let mut cases = vec![
        (json!({"rule_name": ""}), "rule_name: must have 1 to 39 characters"),
        (json!({"rule_name": "\u{e9}".repeat(40)}), "rule_name: must have 1 to 39 characters"),
        (json!({"description": "x".repeat(501)}), "description: "),
        (json!({"filters": []}), "filters: "),
        (json!({"filters": [[]]}), "filters: "),
        (json!({"filters": [[{"key": "title", "oper": "IN", "vals": ["/(/"]}]]}), "filters: "),
        (json!({"time_filters": [window], "time_filter": {"start_time": 1, "end_time": 2}}), "exactly one of"),
        (once(2, 2), "time_filter: end_time must lie after start_time"),
        (once(1_795_132_800_000, 1_795_132_801_000), "time_filter: end_time must be Unix seconds"),
        (times(json!({"start": "08:00", "end": "9"})), "time_filters: entry 2: start and end must be"),
        (times(json!({"start": "08:00", "end": "09:00", "repeat": [7]})), "time_filters: entry 2: repeat: "),
        (times(json!({"start": "08:00", "end": "09:00", "is_off": true})), "time_filters: entry 2: is_off: "),
        (
            times(json!({"start": "08:00", "end": "09:00", "cal_id": "de"})),
            "time_filters: entry 2: there is no calendar",
        ),
    ];
    for none in [json!({}), json!({"time_filters": []}), json!({"time_filter": null})] {
        cases.push((none, "exactly one of"));
    }
    for (fields, start) in cases {
        let own_time = fields.get("rule_name").or(fields.get("description")).or(fields.get("filters"));
        let mut given = if own_time.is_some() { daily("08:00", "09:00") } else { json!({}) };
        for (name, value) in fields.as_object().expect("fields") {
            given[name] = value.clone();
        }
        let problem = rule("a", given).check(&[]).expect_err("refused");
        assert!(problem.starts_with(start), "{fields}: {problem}");
    }
    let accepted = json!({
        "rule_name": "\u{5bab}".repeat(39), "description": "x".repeat(500), "is_auto_delete": true,
        "from_incident_id": "i", "time_filters": [], "time_filter": {"start_time": 1, "end_time": 253_402_300_799_u64},
    });
    assert_eq!(rule("a", accepted).check(&[]), Ok(()));
}

/// How many minutes the naive check looks at, and how many of them come before the first that is asked for.
const MINUTES: usize = 16 * 1440;
const BEFORE: usize = 4 * 1440;

/// For each minute whether a window is open, by looking at the clock minute by minute.
fn open_minutes(clocks: &[i64], windows: &[Window], begins_on: impl Fn(&Window, i64) -> bool) -> Vec<bool> {
    let mut open = vec![false; clocks.len()];
    let minutes =
        |text: &str| text[..2].parse::<i64>().expect("hours") * 60 + text[3..].parse::<i64>().expect("minutes");
    for window in windows {
        let (start, end) = (minutes(&window.start), minutes(&window.end));
        let length = if end > start { end - start } else { end + 1440 - start };
        for day in clocks[0] / 1440 - 2..=clocks[clocks.len() - 1] / 1440 {
            let start = day * 1440 + start;
            let first = clocks.iter().position(|clock| *clock >= start);
            let last = clocks.iter().rposition(|clock| *clock < start + length);
            if let (true, Some(first), Some(last)) = (begins_on(window, day), first, last) {
                open.iter_mut().take(last + 1).skip(first).for_each(|minute| *minute = true);
            }
        }
    }
    open
}

/// A day of 2024 or 2026 as it is written.
fn date(day: i64) -> String {
    let all = [2024, 2026].into_iter().flat_map(|year| (1..=12).map(move |month| (year, month)));
    let dates = all.flat_map(|(year, month)| (1..=31).map(move |date| format!("{year}-{month:02}-{date:02}")));
    dates.into_iter().find(|date| crate::day::parse(date) == Some(day)).expect("a day of these years")
}

fn window() -> impl Strategy<Value = Window> {
    let near_two = prop_oneof![0..1440_u32, 60..240_u32, Just(0_u32)];
    let text = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let end = prop_oneof![near_two.clone(), Just(1440)];
    let calendar = prop_oneof![Just(None), Just(Some(false)), Just(Some(true))];
    (near_two, end, proptest::collection::vec(0..7_u8, 0..4), calendar).prop_map(move |(start, end, repeat, off)| {
        Window {
            start: text(start),
            end: text(end),
            repeat,
            cal_id: off.map(|_| "c".to_owned()).unwrap_or_default(),
            is_off: off.unwrap_or(false),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rule_agrees_with_a_look_at_the_clock_every_minute(
        text in prop::sample::select(vec![
            BERLIN, SYDNEY, "UTC", "+05:45", "-11:00", "EST5EDT,M3.2.0,M11.1.0", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            "<-04>4<-03>,M9.1.6/24,M4.1.6/24", "AAA-1BBB,M3.5.0/0:30,M10.5.0/0:30", "AAA8BBB6,M3.5.0,M10.5.0/1",
        ]),
        about in prop::sample::select(
            vec![1_774_746_000_i64, 1_792_890_000, 1_775_314_800, 1_791_041_400, 1_709_164_800]
        ),
        days in 0..6_i64, windows in proptest::collection::vec(window(), 1..4),
        asked in proptest::collection::vec((BEFORE..BEFORE + 5 * 1440, 0..60_i64), 40),
    ) {
        let (zone, begin) = (zone(text), about.div_euclid(60) * 60 - (BEFORE as i64 + days * 1440) * 60);
        let clocks: Vec<i64> =
            (0..MINUTES as i64).map(|i| (begin + i * 60 + zone.offset_s(begin + i * 60)).div_euclid(60)).collect();
        let free = clocks[BEFORE] / 1440;
        let calendar = Calendar {
            cal_id: "c".into(), holidays: vec![date(free)], extra_workdays: vec![date(free + 2)], ..Calendar::default()
        };
        let begins_on = |window: &Window, day: i64| {
            let weekday = (day + 4) % 7;
            let works = day == free + 2 || ((1..=5).contains(&weekday) && day != free);
            (window.repeat.is_empty() || window.repeat.iter().any(|on| i64::from(*on) == weekday))
                && (window.cal_id.is_empty() || works != window.is_off)
        };
        let open = open_minutes(&clocks, &windows, begins_on);
        let rule = Silence { time_filters: windows, ..rule("a", json!({})) };
        prop_assert_eq!(rule.check(from_ref(&calendar)), Ok(()));
        let about = BEFORE + usize::try_from(days).expect("days") * 1440;
        let all_about = (about - 200..about + 200).map(|minute| (minute, 0));
        for (minute, second) in asked.into_iter().chain(all_about) {
            let now = u64::try_from(begin + minute as i64 * 60 + second).expect("after 1970");
            let until = until_in(&rule, now, &zone, from_ref(&calendar));
            let closed = open.iter().skip(minute).position(|open| !open).map(|n| begin + (minute + n) as i64 * 60);
            match closed.and_then(|closed| u64::try_from(closed).ok()) {
                Some(closed) => prop_assert_eq!(until, (closed > now).then_some(closed), "{} at {}", text, now),
                None => prop_assert!(until.is_some_and(|until| until > now + 6 * DAY), "{} at {}", text, now),
            }
        }
    }
}
