//! The default store: one SQLite file, one connection behind one lock, SQLite's own rollback journal and full sync, as
//! in Spin. Every call that changes something is one commit, and one commit is one wait for the disk.

use super::{Commits, Store, StoreError, counter};
use anyhow::Context as _;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const FILE: &str = "sqlite_key_value.db";

const UPSERT: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3) \
                      ON CONFLICT (store, key) DO UPDATE SET value = excluded.value";

/// A store in a file.
pub struct SqliteStore {
    connection: Mutex<Connection>,
    commits: Commits,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        StoreError(error.to_string())
    }
}

impl SqliteStore {
    /// Opens or creates `sqlite_key_value.db` in `directory`; its commits take `delay` longer.
    ///
    /// # Errors
    /// A directory or file that cannot be created, opened or written.
    pub fn open(directory: &Path, delay: Duration) -> anyhow::Result<SqliteStore> {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot create the state directory {}; see --state-dir", directory.display()))?;
        let path = directory.join(FILE);
        let open = || {
            let connection = Connection::open(&path)?;
            connection.pragma_update(None, "journal_mode", "DELETE")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(
                "CREATE TABLE IF NOT EXISTS spin_key_value (\
                     store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))",
            )?;
            rusqlite::vtab::array::load_module(&connection)?;
            Ok::<_, rusqlite::Error>(connection)
        };
        let connection =
            open().with_context(|| format!("cannot open the store {}; see --state-dir", path.display()))?;
        Ok(SqliteStore { connection: Mutex::new(connection), commits: Commits::new(delay) })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic interrupted is rolled back when it is dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A list parameter for `IN rarray(…)`.
fn array(keys: &[String]) -> Rc<Vec<Value>> {
    Rc::new(keys.iter().cloned().map(Value::from).collect())
}

fn value_of(connection: &Connection, label: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2")?;
    Ok(statement.query_row(params![label, key], |row| row.get(0)).optional()?)
}

impl Store for SqliteStore {
    fn get(&self, label: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        value_of(&self.lock(), label, key)
    }

    fn get_many(&self, label: &str, keys: &[String]) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let connection = self.lock();
        let mut statement = connection
            .prepare_cached("SELECT key, value FROM spin_key_value WHERE store = ?1 AND key IN rarray(?2)")?;
        let rows = statement.query_map(params![label, array(keys)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn keys(&self, label: &str) -> Result<Vec<String>, StoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached("SELECT key FROM spin_key_value WHERE store = ?1")?;
        let rows = statement.query_map(params![label], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn set(&self, label: &str, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let connection = self.lock();
        self.commits.run(|| {
            connection.prepare_cached(UPSERT)?.execute(params![label, key, value])?;
            Ok(((), true))
        })
    }

    fn set_many(&self, label: &str, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        let mut connection = self.lock();
        self.commits.run(|| {
            let transaction = connection.transaction()?;
            for (key, value) in pairs {
                transaction.prepare_cached(UPSERT)?.execute(params![label, key, value])?;
            }
            transaction.commit()?;
            Ok(((), !pairs.is_empty()))
        })
    }

    fn delete(&self, label: &str, key: &str) -> Result<(), StoreError> {
        let connection = self.lock();
        self.commits.run(|| {
            let mut statement =
                connection.prepare_cached("DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2")?;
            Ok(((), statement.execute(params![label, key])? > 0))
        })
    }

    fn delete_many(&self, label: &str, keys: &[String]) -> Result<(), StoreError> {
        let connection = self.lock();
        self.commits.run(|| {
            let mut statement =
                connection.prepare_cached("DELETE FROM spin_key_value WHERE store = ?1 AND key IN rarray(?2)")?;
            Ok(((), statement.execute(params![label, array(keys)])? > 0))
        })
    }

    fn increment(&self, label: &str, key: &str, delta: i64) -> Result<i64, StoreError> {
        let mut connection = self.lock();
        self.commits.run(|| {
            let transaction = connection.transaction()?;
            let old = value_of(&transaction, label, key)?;
            let new = counter(key, old.as_deref())?.wrapping_add(delta);
            transaction.prepare_cached(UPSERT)?.execute(params![label, key, new.to_le_bytes()])?;
            transaction.commit()?;
            Ok((new, true))
        })
    }

    fn swap(&self, label: &str, key: &str, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError> {
        let connection = self.lock();
        self.commits.run(|| {
            let changed = match old {
                Some(old) => connection
                    .prepare_cached(
                        "UPDATE spin_key_value SET value = ?4 WHERE store = ?1 AND key = ?2 AND value = ?3",
                    )?
                    .execute(params![label, key, old, new])?,
                None => connection.prepare_cached(UPSERT)?.execute(params![label, key, new])?,
            };
            Ok((changed == 1, changed == 1))
        })
    }

    fn commits(&self) -> &Commits {
        &self.commits
    }
}
