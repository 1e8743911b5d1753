//! The instruction sets, and which one is in use.

use std::sync::OnceLock;

use crate::error::KernelError;

/// A set of vector instructions that kernels are compiled for; all give the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstructionSet {
    /// What every processor of the target has: SSE2 on x86-64, NEON on AArch64.
    Portable,
    /// AVX2 and FMA (x86-64 from 2013 on).
    Avx2,
    /// AVX-512 F, VL, DQ and BW.
    Avx512,
}

impl InstructionSet {
    /// All of them, the best last.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// Its name in `KERNELS_ISA`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("fma")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512bw")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    fn best() -> Self {
        Self::ALL.into_iter().rev().find(|set| set.is_available()).unwrap_or(Self::Portable)
    }
}

/// The instruction set that kernels use: the best of this processor, or the one that the environment
/// variable `KERNELS_ISA` (`portable`, `avx2` or `avx512`) asks for, read once.
///
/// # Errors
///
/// [`KernelError::Config`] when the variable has another value, or one that this processor lacks.
/// Kernels, whose results do not depend on it, then use the best set; a program that wants to
/// refuse asks here first.
pub fn instruction_set() -> Result<InstructionSet, KernelError> {
    chosen().map_err(|got| KernelError::Config {
        operation: "kernels",
        parameter: "the environment variable KERNELS_ISA",
        expected: "portable, avx2 or avx512, and one that this processor has",
        got: format!("{got:?}"),
    })
}

/// The set that kernels use.
pub(super) fn in_use() -> InstructionSet {
    chosen().unwrap_or_else(|_| InstructionSet::best())
}

fn chosen() -> Result<InstructionSet, &'static str> {
    static CHOICE: OnceLock<Result<InstructionSet, String>> = OnceLock::new();
    let choice = CHOICE.get_or_init(|| match std::env::var_os("KERNELS_ISA") {
        None => Ok(InstructionSet::best()),
        Some(name) => InstructionSet::ALL
            .into_iter()
            .find(|set| name == set.name() && set.is_available())
            .ok_or_else(|| name.to_string_lossy().into_owned()),
    });
    choice.as_ref().copied().map_err(String::as_str)
}
