//! The hyperbolic tangent. The fast kernel: [`crate::tanh`]. Source: PyTorch's `tanh`.

/// y = tanh x.
pub fn forward(x: f64) -> f64 {
    libm::tanh(x)
}

/// dx = dy·(1 − y²).
pub fn backward(dout: f64, y: f64) -> f64 {
    dout * (1.0 - y * y)
}
