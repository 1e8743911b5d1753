//! The driver: a program in Python that loads a hand-in and answers scripts with its functions. It is one
//! file when it runs, so that a hand-in finds nothing of it by a name.

/// The driver.
pub(super) const DRIVER: &str = concat!(
    include_str!("driver/start.py"),
    "\n\n",
    include_str!("driver/arrays.py"),
    "\n\n",
    include_str!("driver/missing.py"),
    "\n\n",
    include_str!("driver/imports.py"),
    "\n\n",
    include_str!("driver/notebooks.py"),
    "\n\n",
    include_str!("driver/loading.py"),
    "\n\n",
    include_str!("driver/calls.py"),
    "\n\n",
    include_str!("driver/scripts.py"),
);
