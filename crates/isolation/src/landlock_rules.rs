//! Landlock: the kernel refuses every file, port and process that no rule allows.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};

use crate::job::Job;
use crate::own_root::{DEVICES, SYSTEM};

/// The newest rules that are asked for. An older kernel grants the rules that it knows.
const NEWEST: ABI = ABI::V6;

/// Restricts this process and all that it starts. `with_processes` allows the files below /proc.
///
/// # Errors
///
/// The error of the system, as a text.
pub(crate) fn restrict(job: &Job, with_processes: bool) -> Result<(), String> {
    let read = AccessFs::from_read(NEWEST);
    let all = AccessFs::from_all(NEWEST);
    let use_devices = AccessFs::ReadFile | AccessFs::WriteFile;
    let processes = with_processes.then_some(Path::new("/proc"));
    let system = SYSTEM.iter().map(Path::new).chain(processes);
    let restricted = || {
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .add_rules(path_beneath_rules(system, read))?
            .add_rules(path_beneath_rules(&job.readable, read))?
            .add_rules(path_beneath_rules([&job.room], all))?
            .add_rules(path_beneath_rules(DEVICES, use_devices))?
            .restrict_self()
    };
    let status = restricted().map_err(|error: landlock::RulesetError| error.to_string())?;
    match status.ruleset {
        RulesetStatus::NotEnforced => {
            Err("this kernel does not have it, or not enabled".to_owned())
        }
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Ok(()),
    }
}
