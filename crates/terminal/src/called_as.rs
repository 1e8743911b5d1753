//! What this program is called by whoever runs it, as messages with a command in them need it.

use std::env;
use std::path::Path;
use std::sync::LazyLock;

static NAME: LazyLock<String> = LazyLock::new(|| {
    // Cargo names the package's folder when it runs the program.
    let by_cargo = env::var_os("CARGO_MANIFEST_DIR").is_some();
    let first = env::args_os().next().filter(|_| !by_cargo);
    let file = first.as_deref().and_then(|path| Path::new(path).file_stem());
    file.map_or_else(|| "cargo xtask".to_owned(), |name| name.to_string_lossy().into_owned())
});

/// `cargo xtask` where Cargo runs the program, else the name of the program's file.
pub fn called_as() -> &'static str {
    &NAME
}
