//! What a store must do, case by case, within one instance.

use alarum::ports::{Clock as _, Store, StoreError, Swap, VALUE_LIMIT};
use alarum::spin::{Spin, SpinStore};
use futures_util::future::join_all;

type Checked = Result<bool, StoreError>;

/// Runs all cases on keys that begin with `prefix` and returns what failed.
pub async fn failed(prefix: &str) -> Vec<String> {
    let key = |name: &str| format!("{prefix}.{name}");
    let outcomes = [
        ("a missing key has no value", missing(&key("missing")).await),
        ("a value is what was stored last", last(&key("last")).await),
        ("an empty value is a value", empty(&key("empty")).await),
        ("values are any bytes", bytes(&key("bytes")).await),
        ("the largest values are kept", large(&key("large")).await),
        ("many values come in the order of the keys", many(&key("many")).await),
        ("no keys at all are no mistake", none().await),
        ("what is deleted is gone", deleted(&key("deleted")).await),
        ("a counter begins at 0 and goes both ways", counter(&key("counter")).await),
        ("a counter gives each of many a number of its own", drawn(&key("drawn")).await),
        ("a swap replaces what was read", swapped(&key("swapped")).await),
        ("a swap of what has changed stores nothing", changed(&key("changed")).await),
        ("a swap of what was deleted stores nothing", vanished(&key("vanished")).await),
        ("of many swaps one wins, every time", raced(&key("raced")).await),
        ("the lineage stays while nothing is lost", Ok(SpinStore.lineage() == 0)),
    ];
    let told = |(name, outcome): (&str, Checked)| match outcome {
        Ok(true) => None,
        Ok(false) => Some(format!("not so: {name}")),
        Err(error) => Some(format!("{name}: {error}")),
    };
    outcomes.into_iter().filter_map(told).collect()
}

async fn missing(key: &str) -> Checked {
    let (value, _) = SpinStore.read_to_swap(key).await?;
    Ok(value.is_none() && SpinStore.get(key).await?.is_none() && SpinStore.get_many(&[key.to_owned()]).await? == [None])
}

async fn last(key: &str) -> Checked {
    for value in ["1", "2"] {
        SpinStore.set(key, value.as_bytes()).await?;
    }
    Ok(SpinStore.get(key).await?.as_deref() == Some(b"2"))
}

async fn empty(key: &str) -> Checked {
    SpinStore.set(key, b"").await?;
    let (value, handle) = SpinStore.read_to_swap(key).await?;
    let swapped = SpinStore.swap(handle, b"").await?;
    Ok(value.as_deref() == Some(b"") && swapped == Swap::Stored && SpinStore.get(key).await?.as_deref() == Some(b""))
}

async fn bytes(key: &str) -> Checked {
    let value: Vec<u8> = (0..=255).chain([0, 13, 10, 0]).collect();
    SpinStore.set(key, &value).await?;
    Ok(SpinStore.get(key).await? == Some(value))
}

async fn large(key: &str) -> Checked {
    let value = |seed: usize| -> Vec<u8> { (0..VALUE_LIMIT).map(|at| (at * 31 + seed) as u8).collect() };
    SpinStore.set(key, &value(1)).await?;
    let (read, handle) = SpinStore.read_to_swap(key).await?;
    let swapped = SpinStore.swap(handle, &value(2)).await?;
    Ok(read == Some(value(1)) && swapped == Swap::Stored && SpinStore.get(key).await? == Some(value(2)))
}

async fn many(key: &str) -> Checked {
    let pairs: Vec<_> = (0..300).map(|nth| (format!("{key}.{nth}"), vec![nth as u8; nth])).collect();
    SpinStore.set_many(&pairs).await?;
    let mut keys: Vec<String> = pairs.iter().rev().map(|(key, _)| key.clone()).collect();
    let mut expected: Vec<_> = pairs.into_iter().rev().map(|(_, value)| Some(value)).collect();
    keys.insert(7, format!("{key}.none"));
    expected.insert(7, None);
    Ok(SpinStore.get_many(&keys).await? == expected)
}

async fn none() -> Checked {
    SpinStore.set_many(&[]).await?;
    SpinStore.delete_many(&[]).await?;
    Ok(SpinStore.get_many(&[]).await?.is_empty())
}

async fn deleted(key: &str) -> Checked {
    let keys = [key.to_owned(), format!("{key}.none"), format!("{key}.other")];
    SpinStore.set_many(&[(keys[0].clone(), vec![1]), (keys[2].clone(), vec![2])]).await?;
    SpinStore.delete_many(&keys[..2]).await?;
    Ok(SpinStore.get_many(&keys).await? == [None, None, Some(vec![2])])
}

async fn counter(key: &str) -> Checked {
    let before = SpinStore.counter(key).await?;
    let counted = [SpinStore.increment(key, 5).await?, SpinStore.increment(key, -7).await?];
    Ok((before, counted, SpinStore.counter(key).await?) == (0, [5, -2], -2))
}

async fn drawn(key: &str) -> Checked {
    let drawn = join_all((0..50).map(|_| SpinStore.increment(key, 1))).await;
    let mut drawn = drawn.into_iter().collect::<Result<Vec<i64>, _>>()?;
    drawn.sort_unstable();
    Ok(drawn == (1..=50).collect::<Vec<i64>>())
}

async fn swapped(key: &str) -> Checked {
    SpinStore.set(key, b"a").await?;
    let (value, handle) = SpinStore.read_to_swap(key).await?;
    let swapped = SpinStore.swap(handle, b"b").await?;
    Ok(value.as_deref() == Some(b"a") && swapped == Swap::Stored && SpinStore.get(key).await?.as_deref() == Some(b"b"))
}

async fn changed(key: &str) -> Checked {
    SpinStore.set(key, b"a").await?;
    let (_, handle) = SpinStore.read_to_swap(key).await?;
    SpinStore.set(key, b"b").await?;
    let swapped = SpinStore.swap(handle, b"c").await?;
    Ok(swapped == Swap::Conflict && SpinStore.get(key).await?.as_deref() == Some(b"b"))
}

async fn vanished(key: &str) -> Checked {
    SpinStore.set(key, b"a").await?;
    let (_, handle) = SpinStore.read_to_swap(key).await?;
    SpinStore.delete_many(&[key.to_owned()]).await?;
    let swapped = SpinStore.swap(handle, b"c").await?;
    Ok(swapped == Swap::Conflict && SpinStore.get(key).await?.is_none())
}

async fn raced(key: &str) -> Checked {
    SpinStore.set(key, b"0").await?;
    for round in 1..=20_u8 {
        let racers = (0..8_u8).map(|racer| async move {
            let (_, handle) = SpinStore.read_to_swap(key).await?;
            // So that all have read before anybody swaps.
            Spin.sleep_us(20_000).await;
            Ok(SpinStore.swap(handle, &[round, racer]).await? == Swap::Stored)
        });
        let won = join_all(racers).await.into_iter().collect::<Result<Vec<bool>, StoreError>>()?;
        let winner = won.iter().position(|won| *won).unwrap_or(usize::MAX);
        if won.iter().filter(|won| **won).count() != 1 || SpinStore.get(key).await? != Some(vec![round, winner as u8]) {
            return Ok(false);
        }
    }
    Ok(true)
}
