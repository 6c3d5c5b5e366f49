//! Times in microseconds, from a clock that may be coarse.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};

/// From this step on, microseconds, a clock is too coarse for one push.
const COARSE_US: f64 = 2.0;
/// Pushes that are timed together then.
const BATCH: usize = 10;
/// How often the clock is looked at to learn its step.
const LOOKS: usize = 200;

/// Runs `work` `n` times, after some runs that do not count. Returns what one run took, with its spread.
///
/// # Errors
/// As `work`.
pub fn timed<T>(n: usize, mut work: impl FnMut() -> Result<T, String>) -> Result<Value, String> {
    let batch = if is_fine() { 1 } else { BATCH };
    for _ in 0..n.div_ceil(20) {
        black_box(work()?);
    }
    let mut samples = Vec::with_capacity(n.div_ceil(batch));
    for _ in 0..n.div_ceil(batch) {
        let begun = Instant::now();
        for _ in 0..batch {
            black_box(work()?);
        }
        samples.push(us_since(begun) / batch as f64);
    }
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let [p50, p90, p99] = percentiles(samples, [50, 90, 99]);
    Ok(json!({ "n": n, "p50_us": p50, "p90_us": p90, "p99_us": p99, "mean_us": mean }))
}

/// The values below or at which so many percent of the samples lie; `None` without samples.
pub fn percentiles<const N: usize>(mut samples: Vec<f64>, percents: [usize; N]) -> [Option<f64>; N] {
    samples.sort_by(f64::total_cmp);
    percents.map(|percent| samples.get((samples.len() * percent).div_ceil(100).saturating_sub(1)).copied())
}

/// Microseconds since a time.
pub fn us_since(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6
}

/// Whether a single push, or a step of it, can be timed.
pub fn is_fine() -> bool {
    step_us() < COARSE_US
}

/// The least that the clock moves by; what it costs to look at it, where that is more.
pub fn step_us() -> f64 {
    let mut last = Instant::now();
    let moved = (0..LOOKS).map(|_| {
        let now = Instant::now();
        let step = (now - last).as_secs_f64() * 1e6;
        last = now;
        step
    });
    moved.filter(|step| *step > 0.0).min_by(f64::total_cmp).unwrap_or(f64::INFINITY)
}
