//! A desk: one board under a fake clock, and a small language for what senders, people and time do to it.
//!
//! Each push is a journal record of its own, applied as a folder applies it. After each step the board is stored and
//! read back; its pages are loaded only where they are asked for.

mod look;

use std::collections::{BTreeMap, VecDeque};

use alarum::board::{Board, ClosedIncident, Event, Missing};
use alarum::engine::action::{Act, Action, Creation, Done, Halt, Refused, Resolution, act};
use alarum::engine::{Applying, bring};
use alarum::intake::{AlertEvent, Comment, Severity, Status};
use alarum::journal::{Accepted, Arrival, Place, Read, Record, Ruling, What};
use alarum::time::Timestamp;

/// The Unix second at which every scenario begins.
pub const T0: u64 = 1_795_000_000;
/// The channel whose board it is.
pub const CHANNEL: i64 = 101;
/// The integration that everything comes through, unless another is named.
pub const INTEGRATION: i64 = 9001;

/// A board, its store, and what subscribers have not looked at yet.
pub struct Desk {
    board: Board,
    pages: BTreeMap<String, Vec<u8>>,
    closed: BTreeMap<String, ClosedIncident>,
    now: Timestamp,
    pushes: u64,
    tokens: u64,
    ruling: Ruling,
    integration: i64,
    person: i64,
    told: Vec<String>,
    events: VecDeque<Event>,
}

/// A desk on which nothing has happened.
pub fn desk() -> Desk {
    Desk {
        board: Board::new(CHANNEL),
        pages: BTreeMap::new(),
        closed: BTreeMap::new(),
        now: Timestamp::from_secs(T0),
        pushes: 0,
        tokens: 0,
        ruling: Ruling { channel_id: CHANNEL, ..Ruling::default() },
        integration: INTEGRATION,
        person: 41,
        told: Vec::new(),
        events: VecDeque::new(),
    }
}

/// A desk with so many other alerts on it that most of its board stands on pages. None of them says a word later.
pub fn crowded_desk() -> Desk {
    let mut desk = desk();
    for nth in 0..320 {
        desk.take(What::from(AlertEvent {
            alert_key: format!("crowd/{nth}"),
            status: Status::Info,
            title: "one of many".into(),
            description: "x".repeat(300),
            ..AlertEvent::default()
        }));
        if nth % 40 == 39 {
            desk.deliver();
        }
    }
    desk.store();
    desk.events.clear();
    assert!(desk.pages.len() > 2, "the board stands on pages");
    desk
}

/// An alert that is critical.
pub fn critical(key: &str) -> AlertEvent {
    let labels = [("host".to_owned(), "web-07".to_owned())].into();
    AlertEvent {
        alert_key: key.into(),
        status: Status::Critical,
        title: format!("{key} is bad"),
        description: "97 %".into(),
        labels,
        ..AlertEvent::default()
    }
}

impl Desk {
    // Time.

    /// Lets time pass until so many seconds after the beginning.
    pub fn at(&mut self, secs: u64) -> &mut Self {
        self.unseen_at(secs);
        self.tick()
    }

    /// The clock goes on, and nobody looks at the board meanwhile.
    pub fn unseen_at(&mut self, secs: u64) -> &mut Self {
        let now = Timestamp::from_secs(T0 + secs);
        assert!(now.secs() >= self.now.secs(), "time goes forward");
        self.now = now.max(self.now);
        self
    }

    /// Brings the board up to now.
    pub fn tick(&mut self) -> &mut Self {
        let now = self.now;
        self.change(|board| bring(board, now));
        self.store();
        self
    }

    // Senders.

    /// What the rules of the channel say from now on.
    pub fn rules(&mut self, edit: impl FnOnce(&mut Ruling)) -> &mut Self {
        edit(&mut self.ruling);
        self
    }

    /// Through which integration things come from now on.
    pub fn through(&mut self, integration: i64) -> &mut Self {
        self.integration = integration;
        self
    }

    /// A critical event for an alert key, the same each time.
    pub fn fires(&mut self, key: &str) -> &mut Self {
        self.fires_with(key, |_| ())
    }

    /// The same, changed.
    pub fn fires_with(&mut self, key: &str, edit: impl FnOnce(&mut AlertEvent)) -> &mut Self {
        self.arrives(key, |arrival| edit(&mut arrival.event))
    }

    /// The same, with what intake says of it.
    pub fn arrives(&mut self, key: &str, edit: impl FnOnce(&mut Arrival)) -> &mut Self {
        let rulings = vec![self.ruling.clone()];
        let mut arrival = Arrival { event: critical(key), rulings, ..Arrival::default() };
        edit(&mut arrival);
        self.take(What::Event(arrival));
        self.store();
        self
    }

    /// A recovery, as senders send it: with little more than the key.
    pub fn recovers(&mut self, key: &str) -> &mut Self {
        self.recovers_with(key, |_| ())
    }

    /// The same, changed.
    pub fn recovers_with(&mut self, key: &str, edit: impl FnOnce(&mut AlertEvent)) -> &mut Self {
        let mut event = AlertEvent { alert_key: key.into(), status: Status::Ok, ..AlertEvent::default() };
        edit(&mut event);
        self.take(event);
        self.store();
        self
    }

    /// A sender comments.
    pub fn comments_by_alert(&mut self, key: &str, comment: &str) -> &mut Self {
        self.take(What::Comment(Comment { alert_key: key.into(), comment: comment.into() }));
        self.store();
        self
    }

    /// Somebody acknowledges at the sender's.
    pub fn acknowledges_by_alert(&mut self, key: &str) -> &mut Self {
        self.take(What::Acknowledge(key.into()));
        self.store();
        self
    }

    /// A record of a stream of its own, received some seconds after the beginning, comes late or once more. It goes to
    /// every board.
    pub fn comes_late(&mut self, received: u64, what: impl Into<What>) -> &mut Self {
        self.record(Timestamp::from_secs(T0 + received), true, what.into());
        self.store();
        self
    }

    fn take(&mut self, what: impl Into<What>) {
        // No two records are received at the same microsecond.
        self.now = Timestamp(self.now.0 + 1);
        self.record(self.now, false, what.into());
    }

    fn record(&mut self, received: Timestamp, everywhere: bool, what: What) {
        self.pushes += 1;
        let channel_ids = if everywhere { Vec::new() } else { vec![CHANNEL] };
        let integration_id = self.integration;
        let accepted = Accepted { integration_id, channel_ids, everywhere, what, ..Accepted::default() };
        // Stored and read back, as a journal does it.
        let accepted = serde_json::from_slice(&serde_json::to_vec(&accepted).expect("plain data")).expect("as written");
        let record = Record { v: Record::FORMAT, received, again: None, accepted: vec![accepted] };
        let read = Read { place: Place { stream: self.pushes, n: 1 }, record, parts: 0 };
        let (mut applying, now) = (Applying::default(), received.max(self.now));
        self.change(|board| applying.run(board, &[&read]));
        self.change(|board| bring(board, now));
    }

    // People.

    /// Who acts from now on.
    pub fn as_person(&mut self, person: i64) -> &mut Self {
        self.person = person;
        self
    }

    /// Does something that is allowed.
    pub fn does(&mut self, action: Action) -> Done {
        self.tries(action).expect("it is allowed")
    }

    /// Does something, if that is allowed.
    pub fn tries(&mut self, action: Action) -> Result<Done, Refused> {
        self.tick();
        self.recall(&action);
        let act_now = self.act(action);
        let (changes, done) = self.ask(|board| until_loaded(act(board, &act_now)))?;
        self.change(|board| {
            board.commit(changes.clone());
            Ok(())
        });
        self.store();
        Ok(done)
    }

    /// Tries something that is refused because of a parameter: nothing at all changes.
    pub fn refuses(&mut self, field: &str, action: Action) -> Refused {
        self.tick();
        self.recall(&action);
        let before = self.canonical();
        let act_now = self.act(action.clone());
        let refused = self.ask(|board| until_loaded(act(board, &act_now))).expect_err(&format!("{action:?} is done"));
        assert_eq!(refused.field, field, "{refused}");
        assert_eq!(self.canonical(), before, "nothing has changed");
        self.store();
        refused
    }

    fn act(&mut self, action: Action) -> Act {
        self.tokens += 1;
        Act { person_id: self.person, at: self.now, token: self.tokens, action }
    }

    pub fn acknowledge(&mut self, incident: &str) -> &mut Self {
        self.done(Action::Acknowledge(vec![incident.into()]))
    }

    pub fn unacknowledge(&mut self, incident: &str) -> &mut Self {
        self.done(Action::Unacknowledge(vec![incident.into()]))
    }

    pub fn snooze(&mut self, incident: &str, minutes: u64) -> &mut Self {
        self.done(Action::Snooze(vec![incident.into()], minutes))
    }

    pub fn wake(&mut self, incident: &str) -> &mut Self {
        self.done(Action::Wake(vec![incident.into()]))
    }

    pub fn resolve(&mut self, incident: &str) -> &mut Self {
        self.done(Action::Resolve(vec![incident.into()], Resolution::default()))
    }

    pub fn reopen(&mut self, incident: &str, reason: &str) -> &mut Self {
        self.done(Action::Reopen(vec![incident.into()], reason.into()))
    }

    pub fn assign(&mut self, incident: &str, persons: &[i64]) -> &mut Self {
        self.done(Action::Assign(vec![incident.into()], persons.to_vec()))
    }

    pub fn comment(&mut self, incident: &str, comment: &str) -> &mut Self {
        self.done(Action::Comment(vec![incident.into()], comment.into(), false))
    }

    /// Makes an incident by hand. Its id.
    pub fn creates(&mut self, edit: impl FnOnce(&mut Creation)) -> String {
        let mut creation = Creation { severity: Severity::Warning, title: "by hand".into(), ..Creation::default() };
        edit(&mut creation);
        match self.does(Action::Create(Box::new(creation))) {
            Done::Incident(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// Silences alerts like those of an incident. The rule's id.
    pub fn silence(&mut self, incident: &str, secs: u64) -> String {
        match self.does(Action::Silence(incident.into(), secs)) {
            Done::Silence(id) => id,
            other => panic!("{other:?}"),
        }
    }

    fn done(&mut self, action: Action) -> &mut Self {
        assert_eq!(self.does(action), Done::Changed);
        self
    }

    fn recall(&mut self, action: &Action) {
        for id in action.incident_ids() {
            if let Some(document) = self.closed.remove(id) {
                self.change(|board| {
                    let mut step = board.step();
                    step.recall(document.clone())?;
                    let changes = step.changes();
                    board.commit(changes);
                    Ok(())
                });
            }
        }
    }
}

/// A refusal is an answer; a missing page is none.
fn until_loaded<T>(result: Result<T, Halt>) -> Result<Result<T, Refused>, Missing> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(Halt::Refused(refused)) => Ok(Err(refused)),
        Err(Halt::Missing(missing)) => Err(missing),
    }
}
