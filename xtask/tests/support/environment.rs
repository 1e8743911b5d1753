//! The environments in which a machine may run programs that are graded. What an environment lacks is
//! refused by a seccomp filter, as containers refuse it.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

/// What a machine grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Environment {
    pub(crate) name: &'static str,
    has_namespaces: bool,
    has_landlock: bool,
    pub(crate) is_ordinary_user: bool,
    pub(crate) isolation: &'static str,
}

const FULL: Environment = Environment {
    name: "everything is granted",
    has_namespaces: true,
    has_landlock: true,
    is_ordinary_user: false,
    isolation: "auto",
};

/// An ordinary user, if the tests are run by root.
const ORDINARY_USER: u32 = 1000;

impl Environment {
    pub(crate) const ALL: [Self; 8] = [
        FULL,
        Self { name: "no namespaces", has_namespaces: false, ..FULL },
        Self { name: "no Landlock", has_landlock: false, ..FULL },
        Self { name: "neither", has_namespaces: false, has_landlock: false, ..FULL },
        Self { name: "an ordinary user", is_ordinary_user: true, ..FULL },
        Self {
            name: "an ordinary user, no namespaces",
            has_namespaces: false,
            is_ordinary_user: true,
            ..FULL
        },
        Self {
            name: "an ordinary user, neither",
            has_namespaces: false,
            has_landlock: false,
            is_ordinary_user: true,
            ..FULL
        },
        Self { name: "`--isolation off`", isolation: "off", ..FULL },
    ];

    /// Starts a command in this environment.
    pub(crate) fn spawn(self, command: &mut Command) -> io::Result<Child> {
        let mut refused = Vec::new();
        if !self.has_namespaces {
            refused.push((libc::SYS_unshare, libc::EPERM));
        }
        if !self.has_landlock {
            refused.push((libc::SYS_landlock_create_ruleset, libc::ENOSYS));
        }
        if self.is_ordinary_user && is_root() {
            command.uid(ORDINARY_USER).gid(ORDINARY_USER);
        }
        // A filter holds for a thread and all that it starts.
        thread::scope(|scope| {
            let start = || {
                for (call, error) in refused {
                    let action = SeccompAction::Errno(u32::try_from(error).unwrap());
                    let rules = BTreeMap::from([(call, Vec::new())]);
                    let machine = ARCH.try_into().unwrap();
                    let filter =
                        SeccompFilter::new(rules, SeccompAction::Allow, action, machine).unwrap();
                    apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
                }
                command.spawn()
            };
            scope.spawn(start).join().unwrap()
        })
    }

    /// Runs a command to its end in this environment.
    pub(crate) fn output(self, command: &mut Command) -> Output {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.spawn(piped).unwrap().wait_with_output().unwrap()
    }
}

/// Whether the tests are run by root.
pub(crate) fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}
