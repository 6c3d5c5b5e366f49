//! Entries of the document as a call changes them: found, created, merged with what is given, taken out.
//!
//! Everything is looked at before anything is put back, so a call that is refused leaves no trace.

use serde_json::{Map, Value};

use super::deleting;
use super::field::merge;
use super::subject::{CHANNEL, Ids, Subject, shown};
use crate::error::ApiError;

/// The entries of a section, or of one kind of rules of a channel.
pub struct Entries<'a> {
    document: &'a mut Map<String, Value>,
    subject: &'static Subject,
    /// Where the channel stands in which they are.
    channel: Option<usize>,
}

/// The entries in a field of the document or of a channel.
pub fn entries<'a>(holder: Option<&'a Map<String, Value>>, section: &str) -> &'a [Value] {
    holder.and_then(|holder| holder.get(section)).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Where the entry of a section stands that a call names.
///
/// # Errors
/// `InvalidParameter` where no id is given; `ResourceNotFound` for one that nothing has.
pub fn position(
    document: &Map<String, Value>,
    subject: &Subject,
    parameters: &Map<String, Value>,
) -> Result<usize, ApiError> {
    let id = subject.named(parameters)?;
    subject.position(entries(Some(document), subject.section), &id).ok_or_else(|| subject.unknown(&id))
}

impl<'a> Entries<'a> {
    /// Those that a call is about.
    ///
    /// # Errors
    /// As [`position`], for the channel.
    pub fn of(
        document: &'a mut Map<String, Value>,
        subject: &'static Subject,
        parameters: &Map<String, Value>,
    ) -> Result<Self, ApiError> {
        let channel = match subject.in_channel {
            true => Some(position(document, &CHANNEL, parameters)?),
            false => None,
        };
        Ok(Self { document, subject, channel })
    }

    /// The document.
    pub fn document(&self) -> &Map<String, Value> {
        self.document
    }

    /// All of them.
    pub fn all(&self) -> &[Value] {
        let channel = |at: usize| entries(Some(self.document), CHANNEL.section).get(at).and_then(Value::as_object);
        entries(self.channel.map_or(Some(&*self.document), channel), self.subject.section)
    }

    /// All of them, to be changed.
    ///
    /// # Errors
    /// An internal one where the document is none.
    pub fn all_mut(&mut self) -> Result<&mut Vec<Value>, ApiError> {
        let mut holder = Some(&mut *self.document);
        if let Some(at) = self.channel {
            let channels = holder.and_then(|document| document.get_mut(CHANNEL.section)).and_then(Value::as_array_mut);
            holder = channels.and_then(|channels| channels.get_mut(at)).and_then(Value::as_object_mut);
        }
        let list = holder.map(|holder| holder.entry(self.subject.section).or_insert_with(|| Value::Array(Vec::new())));
        list.and_then(Value::as_array_mut).ok_or_else(ApiError::internal)
    }

    /// Whether there is the one that a call names.
    ///
    /// # Errors
    /// `InvalidParameter` where it names none.
    pub fn exists(&self, parameters: &Map<String, Value>) -> Result<bool, ApiError> {
        let id = self.subject.named(parameters)?;
        Ok(self.subject.position(self.all(), &id).is_some())
    }

    /// The one that a call names: where it stands, and a copy of it.
    ///
    /// # Errors
    /// As [`position`].
    pub fn named(&self, parameters: &Map<String, Value>) -> Result<(usize, Map<String, Value>), ApiError> {
        let (subject, id) = (self.subject, self.subject.named(parameters)?);
        let at = subject.position(self.all(), &id).ok_or_else(|| subject.unknown(&id))?;
        let entry = self.all().get(at).and_then(Value::as_object).cloned();
        Ok((at, entry.ok_or_else(ApiError::internal)?))
    }

    /// Puts one back.
    ///
    /// # Errors
    /// As [`Entries::all_mut`].
    pub fn put(&mut self, at: usize, entry: Map<String, Value>) -> Result<Value, ApiError> {
        if let Some(place) = self.all_mut()?.get_mut(at) {
            *place = Value::Object(entry);
        }
        Ok(Value::Null)
    }

    /// Creates one, with its secrets. Answers its id and name, and once the secrets that were drawn.
    ///
    /// # Errors
    /// `InvalidParameter` as [`merge`], and for an id that one has already.
    pub fn create(
        &mut self,
        parameters: &Map<String, Value>,
        draw: &mut dyn FnMut() -> u64,
        now_s: u64,
    ) -> Result<Value, ApiError> {
        let subject = self.subject;
        let id = match subject.ids {
            Ids::Counted => self.next(),
            Ids::Drawn => Value::String(format!("{:08x}{:016x}", now_s & 0xffff_ffff, draw())),
            Ids::Given => subject.named(parameters)?,
        };
        if subject.position(self.all(), &id).is_some() {
            return Err(ApiError::invalid(subject.id.given, &format!("there is a {} {}", subject.noun, shown(&id))));
        }
        let mut entry = Map::new();
        merge(subject.fields, self.aside(subject.ids == Ids::Given), parameters, &mut entry)?;
        entry.insert(subject.id.kept.to_owned(), id.clone());
        let mut answer = Map::new();
        answer.insert(subject.id.given.to_owned(), id);
        if let Some(name) = subject.fields.first().filter(|field| field.given.ends_with("_name")) {
            answer.insert(name.given.to_owned(), entry.get(name.kept).cloned().unwrap_or_else(|| "".into()));
        }
        subject.secrets.draw(&mut entry, &mut answer, draw);
        self.all_mut()?.push(Value::Object(entry));
        Ok(Value::Object(answer))
    }

    /// Merges what is given into the one that a call names.
    ///
    /// # Errors
    /// As [`Entries::named`] and [`merge`].
    pub fn update(&mut self, parameters: &Map<String, Value>) -> Result<Value, ApiError> {
        let (at, mut entry) = self.named(parameters)?;
        merge(self.subject.fields, self.aside(true), parameters, &mut entry)?;
        // Of the two times of a silence it has one; who gives the other one means to change over.
        let given = |name: &str| parameters.get(name).is_some_and(|value| !value.is_null());
        for (one, other) in [("time_filter", "time_filters"), ("time_filters", "time_filter")] {
            if self.subject.in_channel && given(one) && !given(other) {
                entry.remove(other);
            }
        }
        self.put(at, entry)
    }

    /// Enables or disables the one that a call names, which takes no other parameter.
    ///
    /// # Errors
    /// As [`Entries::update`].
    pub fn switch(&mut self, parameters: &Map<String, Value>, status: &str) -> Result<Value, ApiError> {
        let (at, mut entry) = self.named(parameters)?;
        merge(&[], self.aside(true), parameters, &mut Map::new())?;
        let mut switched = Map::new();
        switched.insert("status".to_owned(), status.into());
        merge(self.subject.fields, &[], &switched, &mut entry)?;
        self.put(at, entry)
    }

    /// Draws new secrets for the one that a call names, and answers them once.
    ///
    /// # Errors
    /// As [`Entries::switch`].
    pub fn rotate(
        &mut self,
        parameters: &Map<String, Value>,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<Value, ApiError> {
        let (at, mut entry) = self.named(parameters)?;
        merge(&[], self.aside(true), parameters, &mut Map::new())?;
        let mut answer = Map::new();
        answer.insert(self.subject.id.given.to_owned(), self.subject.named(parameters)?);
        self.subject.secrets.rotate(&mut entry, &mut answer, draw);
        self.put(at, entry)?;
        Ok(Value::Object(answer))
    }

    /// Takes out the one that a call names.
    ///
    /// # Errors
    /// As [`position`]; `InvalidParameter` where it is still used.
    pub fn delete(&mut self, parameters: &Map<String, Value>) -> Result<Value, ApiError> {
        let (subject, id) = (self.subject, self.subject.named(parameters)?);
        merge(&[], self.aside(true), parameters, &mut Map::new())?;
        subject.position(self.all(), &id).ok_or_else(|| subject.unknown(&id))?;
        deleting::check(self.document(), subject, &id)?;
        self.all_mut()?.retain(|entry| entry.get(subject.id.kept) != Some(&id));
        Ok(Value::Null)
    }

    /// The parameters that say which one is meant.
    fn aside(&self, with_id: bool) -> &'static [&'static str] {
        match (self.subject.in_channel, with_id) {
            (true, true) => &["channel_id", "rule_id"],
            (true, false) => &["channel_id"],
            (false, true) => std::slice::from_ref(&self.subject.id.given),
            (false, false) => &[],
        }
    }

    /// One above the highest id.
    fn next(&self) -> Value {
        let ids = self.all().iter().filter_map(|entry| entry.get(self.subject.id.kept)?.as_i64());
        Value::from(ids.fold(0, i64::max).saturating_add(1))
    }
}
