//! Mean and spread of a few numbers.

/// Mean and spread of a few numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// How many there are.
    pub count: usize,
    /// Their mean, summed in their order.
    pub mean: f64,
    /// Standard deviation with ddof 1: √(Σ(x − mean)² / (n − 1)); none for a single number.
    pub std: Option<f64>,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// The spread of these numbers; none if there are none.
    pub fn of(numbers: &[f64]) -> Option<Self> {
        let first = *numbers.first()?;
        let count = numbers.len();
        let mean = numbers.iter().sum::<f64>() / count as f64;
        let squares: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
        Some(Self {
            count,
            mean,
            std: (count > 1).then(|| (squares / (count - 1) as f64).sqrt()),
            min: numbers.iter().fold(first, |least, &number| least.min(number)),
            max: numbers.iter().fold(first, |most, &number| most.max(number)),
        })
    }
}
