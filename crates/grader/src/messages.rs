//! Messages of other crates' errors, as one line.

use std::error::Error;

/// An error and its causes, without a cause that the message before it ends in already.
pub(crate) fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Where in the text TOML was not as it should be, and how.
pub(crate) fn of_toml(error: &toml::de::Error, text: &str) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|&byte| byte == b'\n').count();
    format!("line {line}: {}", error.message().replace('\n', ", "))
}
