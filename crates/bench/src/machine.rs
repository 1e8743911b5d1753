//! The machine that a measurement was made on.

use std::fs;
use std::num::NonZero;
use std::process::Command;
use std::thread;

use kernels::instruction_set;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Processor and versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The name of the processor by `/proc/cpuinfo`, where the system has that file.
    pub processor: Option<String>,
    /// The processors that the program may use.
    pub cores: usize,
    /// The instruction set that our kernels use.
    pub instruction_set: String,
    /// The operating system and the architecture.
    pub system: String,
    /// The version of this program.
    pub version: String,
    /// The answer of `rustc --version`, where `rustc` can be started.
    pub rustc: Option<String>,
}

impl Machine {
    /// The machine that this program runs on.
    ///
    /// # Errors
    ///
    /// An instruction set that this processor lacks.
    pub fn here() -> Result<Self> {
        Ok(Self {
            processor: fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| processor(&text)),
            cores: thread::available_parallelism().map_or(1, NonZero::get),
            instruction_set: instruction_set()?.name().to_owned(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rustc: rustc(),
        })
    }
}

/// The name of the processor with its family and model: in a virtual machine the name alone may say
/// little.
fn processor(cpuinfo: &str) -> Option<String> {
    let field = |name: &str| {
        cpuinfo.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    let name = field("model name")?;
    Some(match (field("cpu family"), field("model")) {
        (Some(family), Some(model)) => format!("{name} (family {family}, model {model})"),
        _ => name,
    })
}

fn rustc() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_a_name() {
        let text = "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: A CPU\n";
        assert_eq!(processor(text).as_deref(), Some("A CPU (family 26, model 2)"));
        assert_eq!(processor("model name : B").as_deref(), Some("B"));
        assert_eq!(processor("BogoMIPS : 50"), None);
    }
}
