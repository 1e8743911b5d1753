//! Where the keys of a study stand in its file, so that what is wrong with a value can be told with its
//! line, even if it shows only beside other values.

use std::collections::BTreeMap;

/// The table and the line of each key. Files that say the same are equal, wherever they say it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(BTreeMap<String, (&'static str, usize)>);

impl PartialEq for Places {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Places {
    pub(crate) fn remember(&mut self, key: &str, table: &'static str, line: usize) {
        self.0.insert(key.to_owned(), (table, line));
    }

    /// For a key whose value is no longer the file's.
    pub(crate) fn forget(&mut self, key: &str) {
        self.0.remove(key);
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The key with its line and its table, such as `line 7: compare.norm`; the key alone if its value is
    /// not the file's.
    pub(crate) fn name(&self, key: &str) -> String {
        match self.0.get(key) {
            Some((table, line)) => format!("line {line}: {table}.{key}"),
            None => key.to_owned(),
        }
    }
}
