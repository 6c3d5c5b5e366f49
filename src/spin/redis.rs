//! The store on a Redis that several machines share, by Spin's outbound Redis. Each call of the port is one command:
//! one round trip, and all or nothing.
//!
//! A value lies in Redis behind its version, eight bytes by chance that are new with each write. What a swap compares is
//! the version: a value that was written anew is another one, whatever is in it. Counters are Redis's own.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};
use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};

use super::platform::{Spin, begin_call, calls};
use crate::ports::{Random, Store, StoreCall, StoreCalls, StoreError, Swap};

/// How long a command, or connecting, may take, milliseconds. Spin itself sets no limit. Two appends that both fail by
/// it are answered well within the time that senders wait.
const LIMIT_MS: u64 = 3_000;

/// The variable of the component that is the URL of the Redis.
const ADDRESS: &str = "redis_address";

/// How long a version is, bytes.
const VERSION: usize = 8;

/// Stores ARGV[2] if the version is ARGV[1], which is empty for a key that is not there; 1 if it did. Redis runs a
/// script whole, with nothing in between.
const SWAP: &str = "if redis.call('GETRANGE',KEYS[1],0,7)~=ARGV[1] then return 0 end \
                    redis.call('SET',KEYS[1],ARGV[2]) return 1";

/// The Redis that the variables of the manifest name.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpinStore;

/// What a key was when it was read to be swapped.
pub struct Handle {
    key: String,
    /// Empty where there was none.
    version: Vec<u8>,
    /// What was written between reading and swapping is there only if Redis has not gone back meanwhile, which ends its
    /// connections.
    connection: Rc<Connection>,
}

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
    static LINEAGE: Cell<u64> = const { Cell::new(0) };
}

/// Runs a command on `connection`, or else on the instance's own, which is opened where there is none. One on which a
/// command failed is not used again: it may be broken, or lead to a Redis that is no longer the one to write to. `kind` is
/// what [`begin_call`] is told.
async fn run(
    kind: StoreCall,
    connection: Option<Rc<Connection>>,
    command: &str,
    arguments: Vec<RedisParameter>,
) -> Result<(Vec<RedisResult>, Rc<Connection>), StoreError> {
    begin_call(kind);
    let connection = connection.or_else(|| CONNECTION.with_borrow(Option::clone));
    let used = connection.clone();
    let call = pin!(async {
        let connection = match connection {
            Some(connection) => connection,
            None => {
                let address = spin_sdk::variables::get(ADDRESS).await.map_err(|_| Error::InvalidAddress)?;
                let opened = Rc::new(Connection::open(address).await?);
                // Another request of the instance may have been faster; either serves.
                CONNECTION.with_borrow_mut(|kept| kept.get_or_insert(opened).clone())
            }
        };
        let results = connection.execute(command, arguments).await?;
        Ok((results, connection))
    });
    let limit = pin!(spin_sdk::time::sleep(Duration::from_millis(LIMIT_MS)));
    let error = match select(call, limit).await {
        Either::Left((Ok(done), _)) => return Ok(done),
        Either::Left((Err(Error::Other(text)), _)) => text,
        Either::Left((Err(Error::InvalidAddress), _)) => {
            "the variable redis_address is not valid, or not allowed".into()
        }
        Either::Left((Err(_), _)) => "too many connections, or not a Redis".into(),
        Either::Right(_) => "no answer of Redis within 3 s".into(),
    };
    CONNECTION.with_borrow_mut(|kept| {
        let newer = |kept: &Rc<Connection>| used.as_ref().is_some_and(|used| !Rc::ptr_eq(kept, used));
        if !kept.as_ref().is_some_and(newer) {
            *kept = None;
            LINEAGE.set(LINEAGE.get().wrapping_add(1));
        }
    });
    Err(StoreError(error))
}

fn text(text: &str) -> RedisParameter {
    RedisParameter::Binary(text.as_bytes().to_vec())
}

fn texts(texts: &[String]) -> Vec<RedisParameter> {
    texts.iter().map(|key| text(key)).collect()
}

/// A value behind a new version.
fn versioned(value: &[u8]) -> RedisParameter {
    RedisParameter::Binary([&Spin.next_u64().to_le_bytes()[..], value].concat())
}

/// What is stored at a key, with its version in front; empty where nothing is.
fn stored(result: RedisResult) -> Result<Vec<u8>, StoreError> {
    match result {
        RedisResult::Nil => Ok(Vec::new()),
        RedisResult::Binary(bytes) if bytes.len() >= VERSION => Ok(bytes),
        _ => Err(StoreError("there is something in Redis that Alarum has not stored".into())),
    }
}

/// Takes the value off its version.
fn value(stored: &mut Vec<u8>) -> Option<Vec<u8>> {
    (!stored.is_empty()).then(|| stored.split_off(VERSION))
}

/// What is stored at a key, and the connection on which it was read.
async fn read(kind: StoreCall, key: &str) -> Result<(Vec<u8>, Rc<Connection>), StoreError> {
    let (mut results, connection) = run(kind, None, "GET", vec![text(key)]).await?;
    Ok((stored(results.pop().ok_or_else(unexpected)?)?, connection))
}

fn number(results: &[RedisResult]) -> Result<i64, StoreError> {
    match results {
        [RedisResult::Int64(number)] => Ok(*number),
        [RedisResult::Nil] => Ok(0),
        [RedisResult::Binary(digits)] => {
            let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            number.ok_or_else(unexpected)
        }
        _ => Err(unexpected()),
    }
}

fn unexpected() -> StoreError {
    StoreError("Redis answered something else than a number or as many values as there are keys".into())
}

impl Store for SpinStore {
    type Handle = Handle;

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (mut stored, _) = read(StoreCall::Get, key).await?;
        Ok(value(&mut stored))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (results, _) = run(StoreCall::GetMany, None, "MGET", texts(keys)).await?;
        if results.len() != keys.len() {
            return Err(unexpected());
        }
        results.into_iter().map(|result| Ok(value(&mut stored(result)?))).collect()
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        run(StoreCall::Set, None, "SET", vec![text(key), versioned(value)]).await.map(drop)
    }

    async fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let pairs = entries.iter().flat_map(|(key, value)| [text(key), versioned(value)]);
        run(StoreCall::SetMany, None, "MSET", pairs.collect()).await.map(drop)
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        run(StoreCall::DeleteMany, None, "UNLINK", texts(keys)).await.map(drop)
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, StoreError> {
        number(&run(StoreCall::Increment, None, "INCRBY", vec![text(key), RedisParameter::Int64(by)]).await?.0)
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        number(&run(StoreCall::Get, None, "GET", vec![text(key)]).await?.0)
    }

    async fn read_to_swap(&self, key: &str) -> Result<(Option<Vec<u8>>, Self::Handle), StoreError> {
        let (mut version, connection) = read(StoreCall::ReadToSwap, key).await?;
        let value = value(&mut version);
        Ok((value, Handle { key: key.to_owned(), version, connection }))
    }

    async fn swap(&self, handle: Self::Handle, value: &[u8]) -> Result<Swap, StoreError> {
        let Handle { key, version, connection } = handle;
        let arguments =
            vec![text(SWAP), RedisParameter::Int64(1), text(&key), RedisParameter::Binary(version), versioned(value)];
        match number(&run(StoreCall::Swap, Some(connection), "EVAL", arguments).await?.0)? {
            0 => Ok(Swap::Conflict),
            _ => Ok(Swap::Stored),
        }
    }

    fn calls(&self) -> StoreCalls {
        calls()
    }

    fn lineage(&self) -> u64 {
        LINEAGE.get()
    }
}
