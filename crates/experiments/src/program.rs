//! This program, as the lock of a report names it.

use study::audit::{Program, sha256};

/// The compiler and the dependencies of this program, as they were when it was built.
pub(crate) fn program() -> Program {
    let cargo_lock = sha256(include_bytes!("../../../Cargo.lock"));
    Program { rustc: env!("BUILT_BY").to_owned(), cargo_lock }
}
