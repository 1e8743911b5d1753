//! Slurm: the scripts of an array that trains and of the job after it that reports, and sbatch.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use terminal::shell::{absolute, line, quoted};

use super::engine::{Array, Engine, Limit, RESTARTS, Script, Submission};

/// Slurm, as of version 22.05.
pub(super) struct Slurm;

/// The tasks of an array are numbered below MaxArraySize, which is this by default.
const MAX_ARRAY_SIZE: usize = 1001;

/// How many seconds ahead of the limit a task is stopped: it ends a step of a training and writes a
/// checkpoint. Of a short limit it is a quarter.
const SECONDS_AHEAD: u64 = 60;

/// Options of sbatch, long and short, with which the scripts would not do what they are for, and what to
/// do instead.
const REFUSED: [(&str, Option<char>, &str); 16] = [
    ("array", Some('a'), "--array N before -- says how many tasks there are"),
    ("time", Some('t'), "--time before -- is the limit"),
    ("dependency", Some('d'), "the report waits for the array, and the array for nothing"),
    ("signal", None, "SIGUSR1 ahead of the limit is what saves the state"),
    ("output", Some('o'), "logs are beside the scripts"),
    ("error", Some('e'), "logs are beside the scripts"),
    ("open-mode", None, "a task that goes on appends to its log"),
    ("chdir", Some('D'), "jobs run in the workspace"),
    ("no-requeue", None, "a task that is stopped goes back into the queue"),
    (
        "ntasks",
        Some('n'),
        "a task of the array is one process; --cpus-per-task gives it processors",
    ),
    ("wrap", None, "the scripts are written by this command"),
    ("parsable", None, "this command reads what sbatch prints"),
    ("test-only", None, "--dry-run before -- submits nothing"),
    ("wait", Some('W'), "the report waits for the array by itself"),
    ("help", Some('h'), "`sbatch --help` shows it"),
    ("version", Some('V'), "`sbatch --version` shows it"),
];

impl Engine for Slurm {
    fn name(&self) -> &'static str {
        "slurm"
    }

    fn help(&self) -> &'static str {
        "An array job, by sbatch"
    }

    fn program(&self) -> &'static str {
        "sbatch"
    }

    fn most_tasks(&self) -> usize {
        MAX_ARRAY_SIZE
    }

    fn check(&self, options: &[String]) -> Result<()> {
        lines(options).map(|_| ())
    }

    fn limit(&self, text: &str) -> Result<Limit> {
        let seconds = seconds(text).filter(|&seconds| seconds > 0).with_context(|| {
            format!("--time: found {text:?}, expected minutes, as in 30, or [days-]hours:minutes:seconds, as in 1:30:00")
        })?;
        Ok(Limit { seconds, text: text.to_owned() })
    }

    fn limit_of(&self, seconds: u64) -> Limit {
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let text = match (hours / 24, hours % 24) {
            (0, hours) => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
            (days, hours) => format!("{days}-{hours}:{minutes:02}:{:02}", seconds % 60),
        };
        Limit { seconds, text }
    }

    fn scripts(&self, submission: &Submission) -> Result<Vec<Script>> {
        let train = submission.array.map(|array| train(submission, array)).transpose()?;
        let report = report(submission)?;
        Ok(train.into_iter().chain([report]).collect())
    }

    fn command(&self, script: &Path, after: Option<&str>) -> Vec<String> {
        let mut words = vec![self.program().to_owned(), "--parsable".to_owned()];
        // Not afterok, which waits for ever once a task has failed.
        words.extend(after.map(|id| format!("--dependency=afterany:{id}")));
        words.push(script.display().to_string());
        words
    }

    fn id(&self, printed: &str) -> Option<String> {
        // With several clusters the name of the one follows.
        let id = printed.trim().split(';').next()?;
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| id.to_owned())
    }

    fn state(&self, ids: &[String]) -> String {
        format!("squeue --jobs {}", ids.join(","))
    }
}

fn train(submission: &Submission, Array { tasks, cells }: Array) -> Result<Script> {
    let ahead = SECONDS_AHEAD.min(submission.limit.seconds / 4).max(1);
    let array = [
        format!("--array=0-{}", tasks - 1),
        // To the program, which the batch shell becomes.
        format!("--signal=B:USR1@{ahead}"),
        "--open-mode=append".to_owned(),
    ];
    let (what, are) = match cells {
        1 => ("the cell".to_owned(), "is"),
        cells => (format!("the {cells} cells"), "are"),
    };
    let comment = format!(
        "# Trains {what} of {} that {are} left, a part of them per task.\n\
         # On SIGUSR1, ahead of the time limit, a task saves its state and goes back into the queue, up to\n\
         # {RESTARTS} times.\n",
        submission.name,
    );
    let own = ["--requeue".to_owned(), RESTARTS.to_string()];
    let command = [&["experiment".to_owned()], submission.study.as_slice(), &own].concat();
    let text = script(submission, "", &array, "%A_%a.log", &comment, &command)?;
    Ok(Script { file: "train.sbatch", text })
}

fn report(submission: &Submission) -> Result<Script> {
    let comment = format!(
        "# Makes the report of {},\n# of the cells that are trained by then, and names those that are not.\n",
        submission.name
    );
    let own = ["--out".to_owned(), submission.out.clone()];
    let command = [&["report".to_owned()], submission.study.as_slice(), &own].concat();
    let text = script(submission, "-report", &[], "report_%j.log", &comment, &command)?;
    Ok(Script { file: "report.sbatch", text })
}

/// A script with the options of an array beside those that every job has.
fn script(
    submission: &Submission,
    suffix: &str,
    array: &[String],
    log: &str,
    comment: &str,
    command: &[String],
) -> Result<String> {
    let Submission { name, folder, root, program, variables, limit, more, .. } = submission;
    // A % in the name of a file stands for something else unless it is doubled.
    let folder = absolute(folder)?.replace('%', "%%");
    let mut options = vec![format!("--job-name={}", quoted(&format!("{name}{suffix}")))];
    options.extend_from_slice(array);
    options.extend([
        "--cpus-per-task=1".to_owned(),
        format!("--time={}", limit.text),
        "--requeue".to_owned(),
        format!("--chdir={}", quoted(root)),
        format!("--output={}", quoted(&format!("{folder}/{log}"))),
    ]);
    // Of two that say the same the last one counts.
    options.extend(lines(more)?);
    let mut script = "#!/bin/bash\n".to_owned();
    script.extend(options.iter().map(|option| format!("#SBATCH {option}\n")));
    script += &format!("\n{comment}");
    script
        .extend(variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))));
    // The program takes the place of the shell, which would die of SIGUSR1.
    script += &format!("exec {} {}\n", quoted(program), line(command));
    Ok(script)
}

/// The options of a user, a line each: an option with the words that follow it.
fn lines(words: &[String]) -> Result<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        ensure!(!word.contains('\n'), "{word:?}: found a line break, expected an option of sbatch");
        if word.starts_with('-') {
            if let Some(instead) = refused(word) {
                bail!("{word}: found an option that this command sets itself; {instead}");
            }
            lines.push(match word.split_once('=') {
                Some((name, value)) => format!("{}={}", quoted(name), quoted(value)),
                None => quoted(word),
            });
        } else {
            let option = lines.last_mut();
            let option = option.with_context(|| {
                format!("{word}: found no option before it, expected one of sbatch, as in --partition=short")
            })?;
            *option += &format!(" {}", quoted(word));
        }
    }
    Ok(lines)
}

/// What to do in the place of this option, if it is refused.
fn refused(word: &str) -> Option<&'static str> {
    let (name, _) = word.split_once('=').unwrap_or((word, ""));
    let is_it = |(long, short, _): &&(&str, Option<char>, &str)| match name.strip_prefix("--") {
        // A beginning of an option stands for it.
        Some(given) => !given.is_empty() && long.starts_with(given),
        None => short.is_some_and(|short| {
            name.strip_prefix('-').is_some_and(|rest| rest.starts_with(short))
        }),
    };
    REFUSED.iter().find(is_it).map(|(.., instead)| *instead)
}

/// The seconds of a time limit as sbatch takes it: `minutes`, `minutes:seconds`, `hours:minutes:seconds`,
/// `days-hours`, `days-hours:minutes` or `days-hours:minutes:seconds`.
fn seconds(text: &str) -> Option<u64> {
    let number = |text: &str| text.parse::<u32>().ok().map(u64::from);
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(number(days)?), rest),
        None => (None, text),
    };
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match (days, parts.as_slice()) {
        (None, [minutes]) => (0, *minutes, 0),
        (None, [minutes, seconds]) => (0, *minutes, *seconds),
        (Some(_), [hours]) => (*hours, 0, 0),
        (Some(_), [hours, minutes]) => (*hours, *minutes, 0),
        (_, [hours, minutes, seconds]) => (*hours, *minutes, *seconds),
        (None | Some(_), _) => return None,
    };
    Some(((days.unwrap_or(0) * 24 + hours) * 60 + minutes) * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_time_limit_is_read_as_sbatch_reads_it() {
        for (text, expected) in [
            ("30", Some(1800)),
            ("0:40", Some(40)),
            ("1:30:00", Some(5400)),
            ("1-0", Some(86_400)),
            ("1-2:30", Some(95_400)),
            ("1-2:30:05", Some(95_405)),
            ("1-2:3:4:5", None),
            ("1:2:3:4", None),
            ("an hour", None),
            ("-5", None),
            ("", None),
            ("99999999999", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
        for seconds_of in [300, 5400, 86_400, 95_405] {
            assert_eq!(seconds(&Slurm.limit_of(seconds_of).text), Some(seconds_of));
        }
        assert!(Slurm.limit("0").is_err());
    }

    #[test]
    fn options_of_sbatch_are_a_line_each_and_those_that_break_the_scripts_are_refused() {
        let given = words("--partition=short -A me --mem 2G --gres=gpu:a*1 --exclusive");
        let expected =
            ["--partition=short", "-A me", "--mem 2G", "--gres='gpu:a*1'", "--exclusive"];
        assert_eq!(lines(&given).unwrap(), expected);
        for (given, expected) in [
            ("--array=0-3", "--array N before --"),
            ("--arr 0-3", "--array N before --"),
            ("-a0-3", "--array N before --"),
            ("-t 5", "--time before --"),
            ("--time=5", "--time before --"),
            ("--dependency=singleton", "the report waits for the array"),
            ("-o x.log", "logs are beside the scripts"),
            ("--no-requeue", "goes back into the queue"),
            ("--signal=USR1", "is what saves the state"),
            ("script.sh", "script.sh: found no option before it"),
            ("--comment=a\nb", "found a line break"),
        ] {
            let message = Slurm.check(&words(given)).unwrap_err().to_string();
            assert!(message.contains(expected), "{given}: {message}");
        }
        // Options that only begin alike.
        for given in ["--time-min=5", "--nodelist=n1", "--export=NONE", "--account=me", "--nice=10"]
        {
            Slurm.check(&words(given)).unwrap();
        }
    }

    #[test]
    fn the_number_of_a_job_is_what_sbatch_prints_first() {
        assert_eq!(Slurm.id("17\n").unwrap(), "17");
        assert_eq!(Slurm.id("17;cluster\n").unwrap(), "17");
        assert_eq!(Slurm.id("Submitted batch job 17\n"), None);
        assert_eq!(Slurm.id(""), None);
    }
}
