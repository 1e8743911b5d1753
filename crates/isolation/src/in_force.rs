//! The measures of the sandbox, and which of them the system grants.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The measures of the sandbox that a program runs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// Landlock: the kernel refuses every file that the job does not name.
    pub landlock: Measure,
    /// A root folder of its own, which has no other files, and in which readable files cannot be
    /// written.
    pub own_root: Measure,
    /// No connection to anything: an empty network namespace, or a filter that refuses sockets.
    pub no_network: Measure,
    /// A process namespace of its own: it sees no other process, and none of its processes outlives
    /// it.
    pub own_processes: Measure,
    /// A user without rights: none over the system, and none over files and processes of the caller's
    /// that it can see.
    pub no_rights: Measure,
    /// A seccomp filter, which refuses the calls of the kernel that no such program needs.
    pub seccomp: Measure,
    /// Limits on memory, processes, files and output.
    pub limits: Measure,
}

/// Whether a measure is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// It is in force.
    InForce,
    /// It is missing, for this reason.
    Missing(String),
}

impl Measure {
    /// The measure whose attempt had this result.
    pub(crate) fn of<T, E: fmt::Display>(tried: &Result<T, E>) -> Self {
        match tried {
            Ok(_) => Self::InForce,
            Err(error) => Self::Missing(error.to_string()),
        }
    }
}

impl InForce {
    /// Limits only.
    pub(crate) fn limits_alone() -> Self {
        let off = || Measure::Missing("turned off".to_owned());
        Self {
            landlock: off(),
            own_root: off(),
            no_network: off(),
            own_processes: off(),
            no_rights: off(),
            seccomp: off(),
            limits: Measure::InForce,
        }
    }

    /// The measures with their names in messages.
    pub fn measures(&self) -> [(&'static str, &Measure); 7] {
        [
            ("Landlock", &self.landlock),
            ("own root", &self.own_root),
            ("no network", &self.no_network),
            ("own processes", &self.own_processes),
            ("user without rights", &self.no_rights),
            ("seccomp filter", &self.seccomp),
            ("limits", &self.limits),
        ]
    }

    /// Whether every measure is in force.
    pub fn is_full(&self) -> bool {
        self.measures().iter().all(|(_, measure)| **measure == Measure::InForce)
    }
}

impl fmt::Display for InForce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut granted = Vec::new();
        let mut missing = Vec::new();
        for (name, measure) in self.measures() {
            match measure {
                Measure::InForce => granted.push(name.to_owned()),
                Measure::Missing(why) => missing.push(format!("{name} ({why})")),
            }
        }
        let granted = if granted.is_empty() { "nothing".to_owned() } else { granted.join(", ") };
        write!(formatter, "{granted}")?;
        if !missing.is_empty() {
            write!(formatter, "; missing: {}", missing.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_its_reason() {
        let mut in_force = InForce::limits_alone();
        in_force.no_network = Measure::InForce;
        assert!(!in_force.is_full());
        let said = in_force.to_string();
        assert!(said.starts_with("no network, limits; missing: Landlock (turned off), "), "{said}");
    }
}
