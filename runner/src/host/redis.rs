//! `spin:redis@3.0.0`, outbound: a component's connections to Redis servers that its `allowed_outbound_hosts` name.
//!
//! As with Spin, a call is asynchronous and blocks nobody, and there is no limit to how long it takes. The commands that
//! a component keeps its values with are counted as the key-value calls that they stand for.

use super::bindings::RedisConnection;
use super::bindings::spin::redis::redis::{self as interface, Error, Payload, RedisParameter, RedisResult};
use super::{Ctx, Host};
use crate::stats::Call;
use redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, Value, cmd};
use std::sync::atomic::Ordering::Relaxed;
use url::Url;
use wasmtime::component::{Accessor, Resource};

type Outcome<T> = wasmtime::Result<Result<T, Error>>;

/// The call of a key-value store that a command is.
fn counted(command: &str) -> Option<Call> {
    Some(match command {
        "GET" => Call::Get,
        "MGET" => Call::GetMany,
        "EXISTS" => Call::Exists,
        "SET" => Call::Set,
        "MSET" => Call::SetMany,
        "DEL" | "UNLINK" => Call::DeleteMany,
        "INCR" | "INCRBY" => Call::Increment,
        "EVAL" | "EVALSHA" => Call::Swap,
        _ => return None,
    })
}

/// Runs a command on a connection and reads its answer as `A`.
async fn run<T: Send, A: FromRedisValue>(
    accessor: &Accessor<T, Host>,
    connection: &Resource<RedisConnection>,
    name: &str,
    arguments: impl FnOnce(&mut Cmd) -> &mut Cmd,
) -> Outcome<A> {
    let mut command = cmd(name);
    arguments(&mut command);
    let (mut connection, component) = accessor.with(|mut access| {
        let ctx = access.get();
        let connection = ctx.table.get(connection)?.0.clone();
        if let Some(call) = counted(name) {
            let kv = &ctx.component.stats.kv;
            kv.count(call, &ctx.counts);
            if call.is_write() {
                kv.wrote(1, command.get_packed_command().len());
            }
        }
        wasmtime::error::Ok((connection, ctx.component.clone()))
    })?;
    let answer: Value = match command.query_async(&mut connection).await {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(failed(&error))),
    };
    match (counted(name), &answer) {
        (Some(Call::Swap), Value::Int(0)) => component.stats.kv.lost_swap(),
        (Some(call), answer) if !call.is_write() => component.stats.kv.read(length(answer)),
        _ => {}
    }
    Ok(A::from_owned_redis_value(answer).map_err(|error| failed(&error)))
}

fn failed(error: &RedisError) -> Error {
    match error.kind() {
        ErrorKind::TypeError => Error::TypeError,
        _ => Error::Other(error.to_string()),
    }
}

fn length(answer: &Value) -> usize {
    match answer {
        Value::BulkString(bytes) => bytes.len(),
        Value::Array(values) => values.iter().map(length).sum(),
        _ => 0,
    }
}

/// An answer as the interface has it: without any nesting.
struct Flat(Vec<RedisResult>);

impl FromRedisValue for Flat {
    fn from_redis_value(value: &Value) -> redis::RedisResult<Flat> {
        let mut flat = Vec::new();
        flatten(value, &mut flat)?;
        Ok(Flat(flat))
    }
}

fn flatten(value: &Value, flat: &mut Vec<RedisResult>) -> redis::RedisResult<()> {
    flat.push(match value {
        Value::Nil => RedisResult::Nil,
        Value::Int(number) => RedisResult::Int64(*number),
        Value::Boolean(is) => RedisResult::Int64(i64::from(*is)),
        Value::BulkString(bytes) => RedisResult::Binary(bytes.clone()),
        Value::Double(number) => RedisResult::Binary(number.to_string().into_bytes()),
        Value::SimpleString(text) => RedisResult::Status(text.clone()),
        Value::Okay => RedisResult::Status("OK".to_string()),
        Value::Array(values) | Value::Set(values) => {
            return values.iter().try_for_each(|value| flatten(value, flat));
        }
        _ => return Err((ErrorKind::TypeError, "the interface has no such answer").into()),
    });
    Ok(())
}

impl interface::Host for Ctx {}

impl interface::HostConnection for Ctx {
    fn drop(&mut self, connection: Resource<RedisConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl<T: Send> interface::HostConnectionWithStore<T> for Host {
    async fn open(accessor: &Accessor<T, Self>, address: String) -> Outcome<Resource<RedisConnection>> {
        let component = accessor.with(|mut access| access.get().component.clone());
        if !Url::parse(&address).is_ok_and(|url| component.allowed_hosts.allows(&url)) {
            component.stats.denied.fetch_add(1, Relaxed);
            return Ok(Err(Error::InvalidAddress));
        }
        let Ok(client) = Client::open(address) else {
            return Ok(Err(Error::InvalidAddress));
        };
        match client.get_multiplexed_async_connection().await {
            Ok(connection) => {
                let opened = accessor.with(|mut access| access.get().table.push(RedisConnection(connection)))?;
                Ok(Ok(opened))
            }
            Err(error) => Ok(Err(failed(&error))),
        }
    }

    async fn publish(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        channel: String,
        payload: Payload,
    ) -> Outcome<()> {
        run(accessor, &connection, "PUBLISH", |command| command.arg(channel).arg(payload)).await
    }

    async fn get(accessor: &Accessor<T, Self>, on: Resource<RedisConnection>, key: String) -> Outcome<Option<Payload>> {
        run(accessor, &on, "GET", |command| command.arg(key)).await
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        value: Payload,
    ) -> Outcome<()> {
        run(accessor, &connection, "SET", |command| command.arg(key).arg(value)).await
    }

    async fn incr(accessor: &Accessor<T, Self>, connection: Resource<RedisConnection>, key: String) -> Outcome<i64> {
        run(accessor, &connection, "INCR", |command| command.arg(key)).await
    }

    async fn del(accessor: &Accessor<T, Self>, on: Resource<RedisConnection>, keys: Vec<String>) -> Outcome<u32> {
        run(accessor, &on, "DEL", |command| command.arg(keys)).await
    }

    async fn sadd(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        values: Vec<String>,
    ) -> Outcome<u32> {
        run(accessor, &connection, "SADD", |command| command.arg(key).arg(values)).await
    }

    async fn smembers(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
    ) -> Outcome<Vec<String>> {
        run(accessor, &connection, "SMEMBERS", |command| command.arg(key)).await
    }

    async fn srem(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        values: Vec<String>,
    ) -> Outcome<u32> {
        run(accessor, &connection, "SREM", |command| command.arg(key).arg(values)).await
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> Outcome<Vec<RedisResult>> {
        let answer: Result<Flat, Error> = run(accessor, &connection, &command, |command| {
            arguments.into_iter().fold(command, |command, argument| match argument {
                RedisParameter::Int64(number) => command.arg(number),
                RedisParameter::Binary(bytes) => command.arg(bytes),
            })
        })
        .await?;
        Ok(answer.map(|flat| flat.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_loses_its_nesting_and_keeps_what_is_missing() {
        let one = Value::Array(vec![Value::Nil, Value::BulkString(b"a".to_vec())]);
        let answer = Value::Array(vec![one, Value::Int(3), Value::Okay]);
        let flat = Flat::from_redis_value(&answer).unwrap().0;
        let [RedisResult::Nil, RedisResult::Binary(a), RedisResult::Int64(3), RedisResult::Status(ok)] = &flat[..]
        else {
            panic!("{flat:?}");
        };
        assert_eq!((&a[..], &ok[..]), (&b"a"[..], "OK"));
        assert!(Flat::from_redis_value(&Value::Map(Vec::new())).is_err());
    }
}
