//! The bits that the first training steps give, on every instruction set and on several numbers of
//! threads.

use kernels::InstructionSet;
use serde::Deserialize;

use crate::child::{Request, ask, training_for_bits};
use crate::error::Result;
use crate::options::Options;
use crate::peer::Script;
use crate::results::{Bits, Side};
use crate::text;

/// The instruction sets that PyTorch lets one choose from, by `ATEN_CPU_CAPABILITY`.
const OF_TORCH: [&str; 3] = ["default", "avx2", "avx512"];

/// The numbers of threads on which bits are compared, whatever number the measurements may take.
const THREADS: [usize; 4] = [1, 2, 3, 8];
const THREADS_OF_TORCH: [usize; 2] = [1, 2];

/// The bits of all sides as a Markdown table; measures nothing.
///
/// # Errors
///
/// [`BenchError`](crate::BenchError) if a process fails.
pub fn bits_table(options: &Options<'_>) -> Result<String> {
    let training = training_for_bits()?;
    let script = options.python.as_deref().map(|python| Script::new(python, training.images()));
    Ok(text::bits_table(&bits(options, script.transpose()?.as_ref())?).to_markdown())
}

/// The hash of the first steps for every instruction set of this processor, and numbers of threads.
pub(crate) fn bits(options: &Options<'_>, script: Option<&Script>) -> Result<Vec<Bits>> {
    let mut bits = Vec::new();
    (options.progress)("bits");
    for threads in THREADS {
        for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
            let sha256 = ask(&options.program, &Request::Bits { threads }, Some(set))?;
            let instruction_set = set.name().to_owned();
            bits.push(Bits { by: Side::Ours, instruction_set, threads, sha256 });
        }
    }
    #[derive(Deserialize)]
    struct Answer {
        sha256: String,
        instruction_set: String,
    }
    let Some(script) = script else {
        return Ok(bits);
    };
    for threads in THREADS_OF_TORCH {
        for set in OF_TORCH {
            let environment = Some(("ATEN_CPU_CAPABILITY", set));
            let Answer { sha256, instruction_set } = script.once("bits", threads, environment)?;
            // If the processor lacks the instruction set, PyTorch takes the next lower one silently.
            if instruction_set == set {
                bits.push(Bits { by: Side::Torch, instruction_set, threads, sha256 });
            }
        }
    }
    Ok(bits)
}
