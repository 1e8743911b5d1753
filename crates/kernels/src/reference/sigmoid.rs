//! The logistic function. The fast kernel: [`crate::sigmoid`]. Source: PyTorch's `sigmoid`.

/// y = 1/(1 + e⁻ˣ); of a negative x the same as eˣ/(1 + eˣ), which does not overflow.
pub fn forward(x: f64) -> f64 {
    if x < 0.0 { libm::exp(x) / (1.0 + libm::exp(x)) } else { 1.0 / (1.0 + libm::exp(-x)) }
}

/// dx = dy·y·(1 − y).
pub fn backward(dout: f64, y: f64) -> f64 {
    dout * (y * (1.0 - y))
}
