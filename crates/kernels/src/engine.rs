//! The machinery under the operations: inner loops for each type of number, vector code, threads,
//! memory layouts, and memory kept from call to call.

pub(crate) mod aligned;
pub(crate) mod at_rest;
pub mod ceiling;
pub(crate) mod channel_numbers;
pub(crate) mod channels;
pub(crate) mod correlation;
pub(crate) mod elementwise;
mod exponential;
mod fused;
pub(crate) mod lanes;
pub(crate) mod layout;
pub(crate) mod loops;
pub(crate) mod nonzeros;
pub(crate) mod panels;
pub(crate) mod parallel;
pub(crate) mod pixels;
mod plain;
pub(crate) mod real;
pub(crate) mod scratch;
pub(crate) mod simd;
pub(crate) mod windows;
