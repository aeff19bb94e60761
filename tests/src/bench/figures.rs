//! Times, counted into buckets an eighth apart, and how they are written down.

use std::time::Duration;

/// Buckets per doubling.
const FINE: u64 = 8;

/// How long things took.
#[derive(Debug, Clone)]
pub struct Times {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { buckets: vec![0; 40 * FINE as usize], count: 0 }
    }
}

impl Times {
    pub fn note(&mut self, took: Duration) {
        let micros = (took.as_micros() as u64).max(1);
        let doubling = u64::from(micros.ilog2());
        let part = if doubling < 3 { 0 } else { (micros >> (doubling - 3)) & (FINE - 1) };
        let last = self.buckets.len() - 1;
        self.buckets[((doubling * FINE + part) as usize).min(last)] += 1;
        self.count += 1;
    }

    /// The time below which this share lies: the upper end of its bucket.
    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                let (doubling, part) = (bucket as u64 / FINE, bucket as u64 % FINE);
                return Duration::from_micros((1 << doubling) + (((part + 1) << doubling) / FINE));
            }
        }
        Duration::ZERO
    }
}

/// Milliseconds with as many digits as mean something.
pub fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// 12345 → 12,345
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
