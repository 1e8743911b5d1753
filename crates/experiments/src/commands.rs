//! The list of the commands that train, study and measure. A command is a file and a line here: `xtask`,
//! which passes them on, reads the same list.

/// Hands all commands to a macro: what each does, its variant, and its module, which is called as it is.
macro_rules! with_commands {
    ($with:ident) => {
        $with! {
            /// Run a study: with against without batch normalisation, or one of your own
            Experiment = experiment,
            /// Run a study on a cluster: an array of jobs trains it, and one makes the report
            Submit = submit,
            /// Make the figures and the report of a study again, or of as much of it as is trained
            Report = report,
            /// Check a committed report, and train some of its cells anew
            Reproduce = reproduce,
            /// List the trained cells, or remove some
            Cells = cells,
            /// Fetch, verify or draw the data sets
            Data = data,
            /// Evaluate weights, a run's or PyTorch's, on validation or test images
            Evaluate = evaluate,
            /// Measure kernels and trainings, against this machine's ceiling and against PyTorch
            Bench = bench,
            /// Train each network for some steps and print a hash of all results, the same everywhere
            Hash = hash,
        }
    };
}

pub(crate) use with_commands;
