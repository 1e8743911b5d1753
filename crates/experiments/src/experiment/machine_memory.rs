//! How much memory this machine can still give, where that can be known: on Linux. A study that needs more
//! is refused.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use study::config::StudyConfig;
use study::memory::Memory;

/// Refuses a study that needs more memory than there is.
pub(crate) fn expect_room(config: &StudyConfig, threads: usize) -> Result<()> {
    let Some(available) = available() else { return Ok(()) };
    let memory = Memory::of(config)?;
    let runs = threads.min(memory.runs());
    let needed = memory.bytes(runs);
    if needed <= available {
        return Ok(());
    }
    let fewer = (1..runs).rev().find(|&fewer| memory.bytes(fewer) <= available);
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    let side_by_side =
        if runs == 1 { "its run".to_owned() } else { format!("{runs} runs side by side") };
    let remedy = match fewer {
        None => "give a smaller --batch-size".to_owned(),
        Some(fewer) => format!("give a smaller --batch-size, or --threads {fewer}"),
    };
    bail!(
        "the study needs about {} of memory for {side_by_side}, and {} are available; {remedy}",
        gigabytes(needed),
        gigabytes(available)
    )
}

/// The bytes that programs can still take: what the kernel estimates, and what the limits of the
/// control groups leave. None where neither is told.
fn available() -> Option<u64> {
    available_by(Path::new("/"))
}

/// The same of a system whose files lie below `root`.
fn available_by(root: &Path) -> Option<u64> {
    let read = |path: &str| fs::read_to_string(root.join(path)).ok();
    let machine = read("proc/meminfo").and_then(|text| entry(&text, "MemAvailable:"));
    let machine = machine.map(|kilobytes| kilobytes.saturating_mul(1024));
    let groups = read("proc/self/cgroup").unwrap_or_default();
    let groups = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        match (parts.next(), parts.next()) {
            (Some(""), Some(path)) => left_in(&root.join("sys/fs/cgroup"), path, &VERSION_2),
            (Some(kinds), Some(path)) if kinds.split(',').any(|kind| kind == "memory") => {
                left_in(&root.join("sys/fs/cgroup/memory"), path, &VERSION_1)
            }
            (Some(_) | None, Some(_) | None) => Vec::new(),
        }
    });
    machine.into_iter().chain(groups).min()
}

/// The files that tell about the memory of a control group.
struct Files {
    limit: &'static str,
    used: &'static str,
    /// What is in use only until somebody needs the room, as an entry of `memory.stat`.
    reclaimable: &'static str,
}

const VERSION_1: Files = Files {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    reclaimable: "total_inactive_file",
};

const VERSION_2: Files =
    Files { limit: "memory.max", used: "memory.current", reclaimable: "inactive_file" };

/// What is left of the limits of a group and of those that it is in. A container may see its own group
/// as the root.
fn left_in(mounted: &Path, group: &str, files: &Files) -> Vec<u64> {
    let number = |folder: &Path, file: &str| {
        fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok()
    };
    Path::new(group.trim_start_matches('/'))
        .ancestors()
        .filter_map(|group| {
            let folder = mounted.join(group);
            // Without a limit there is a word, or no file.
            let limit = number(&folder, files.limit)?;
            let used = number(&folder, files.used)?;
            let statistics = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
            let reclaimable = entry(&statistics, files.reclaimable).unwrap_or(0);
            Some(limit.saturating_sub(used.saturating_sub(reclaimable)))
        })
        .collect()
}

/// The number after this word at the start of a line.
fn entry(text: &str, word: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(word)).then(|| words.next()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn available_with(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        available_by(root.path())
    }

    #[test]
    fn the_tightest_limit_counts_and_the_unknown_is_none() {
        assert_eq!(available_with(&[]), None);
        let machine =
            ("proc/meminfo", "MemTotal:  99 kB\nMemFree:  1 kB\nMemAvailable:     9 kB\n");
        assert_eq!(available_with(&[machine]), Some(9 * 1024));

        let group = ("proc/self/cgroup", "0::/a.slice/b.scope\n");
        let of_parent = [
            ("sys/fs/cgroup/a.slice/memory.max", "5000\n"),
            ("sys/fs/cgroup/a.slice/memory.current", "4000\n"),
            ("sys/fs/cgroup/a.slice/memory.stat", "anon 3900\ninactive_file 100\n"),
            ("sys/fs/cgroup/a.slice/b.scope/memory.max", "max\n"),
            ("sys/fs/cgroup/a.slice/b.scope/memory.current", "10\n"),
        ];
        assert_eq!(available_with(&[&[machine, group], &of_parent[..]].concat()), Some(1_100));

        let old = [
            ("proc/self/cgroup", "12:cpu,cpuacct:/x\n4:memory:/outside/the/container\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "700\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "800\n"),
            ("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 300\n"),
        ];
        assert_eq!(available_with(&[&[machine], &old[..]].concat()), Some(200));
    }
}
