//! What makes the operations fast: vector code, threads, memory layouts, memory kept from call to call.

pub mod ceiling;
pub(crate) mod channels;
pub(crate) mod correlation;
pub(crate) mod layout;
pub(crate) mod nonzeros;
pub(crate) mod panels;
pub(crate) mod parallel;
pub(crate) mod real;
pub(crate) mod scratch;
pub(crate) mod simd;
