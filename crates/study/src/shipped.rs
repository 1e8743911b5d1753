//! The studies that come with the workspace, each a file in `crates/study/studies/`.

/// A study that is known by name.
#[derive(Debug)]
pub struct Shipped {
    /// The name on the command line, which its file and its folder of results have too.
    pub name: &'static str,
    /// The text of its file.
    pub text: &'static str,
}

/// The study that is run when none is named.
pub static HEADLINE: &Shipped = &SHIPPED[0];

macro_rules! shipped {
    ($($name:literal,)*) => {
        /// All studies with a name.
        pub static SHIPPED: &[Shipped] = &[$(Shipped {
            name: $name,
            text: include_str!(concat!("../studies/", $name, ".toml")),
        }),*];
    };
}

// The list. A study is added by its file and a line here.
shipped! {
    "headline",
    "learning-rate",
    "learning-rate-batch-size",
    "batch-size",
    "evaluation-statistics",
    "what-trains",
    "norms",
    "initial-scale",
    "depth",
    "dropout",
    "landscape",
    "covariate-shift",
    "variance",
    "seeds-are-not-enough",
}

/// The study of this name.
pub fn shipped(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|study| study.name == name)
}
