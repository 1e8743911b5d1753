//! What follows when a job is stopped ahead of its time limit: it puts itself back into the queue of Slurm,
//! and goes on from there.

use std::process::Command;

use anyhow::{Context, Error, Result, bail, ensure};
use study::error::StudyError;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;

use crate::slurm::Job;

/// What ends the message of a command that was stopped.
const GOES_ON: &str = "the same command goes on from here";

/// How a command ends that this error ended. Only a stop for want of time is more than the error; `most`
/// says how often the job may be started again, if it is to do that itself. A job that is cancelled is
/// stopped by another signal, and stays cancelled.
pub(super) fn after(
    error: Error,
    interrupt: &Interrupt,
    job: &Job,
    most: Option<u64>,
) -> Result<Exit> {
    let is_stopped = matches!(error.downcast_ref(), Some(StudyError::Stopped));
    if !is_stopped || !interrupt.is_out_of_time() {
        return Err(error);
    }
    let id = may_start_again(job, most)?;
    // Slurm may end this process before the next line.
    say(format_args!("stopped by SIGUSR1; {id} goes back into the queue and goes on from here"))?;
    let put_back = Command::new("scontrol").args(["requeue", &id]).output();
    let put_back = put_back
        .with_context(|| format!("`scontrol requeue {id}` could not be started; {GOES_ON}"))?;
    // Slurm ends what is left of the job, which may be `scontrol` before it has said that all is well.
    ensure!(
        put_back.status.success() || put_back.status.code().is_none(),
        "`scontrol requeue {id}` failed: {}\n{GOES_ON}",
        String::from_utf8_lossy(&put_back.stderr).trim()
    );
    Ok(Exit::Success)
}

/// What Slurm knows the job by that may be started once more.
fn may_start_again(job: &Job, most: Option<u64>) -> Result<String> {
    match (job.id(), most, job.restarts()?) {
        (Some(id), Some(most), restarts) if restarts < most => Ok(id),
        (Some(id), Some(most), restarts) => bail!(
            "stopped by SIGUSR1 before the end; {id} was started again {restarts} times, and --requeue \
             allows {most}; {GOES_ON}"
        ),
        (Some(_) | None, Some(_) | None, _) => {
            bail!("stopped by SIGUSR1 before the end; {GOES_ON}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_started_again_so_often_and_never_unasked() {
        let task = "SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=3 SLURM_JOB_ID=9";
        let second = format!("{task} SLURM_RESTART_COUNT=2");
        let said = |variables: &str, most| match may_start_again(&Job::of(variables), most) {
            Ok(id) => id,
            Err(error) => error.to_string(),
        };
        assert_eq!(said(task, Some(1)), "7_3");
        assert_eq!(said(&second, Some(3)), "7_3");
        assert_eq!(said("SLURM_JOB_ID=9", Some(1)), "9");
        let unasked = "stopped by SIGUSR1 before the end; the same command goes on from here";
        for (variables, most) in [(task, None), ("", Some(3)), ("", None)] {
            assert_eq!(said(variables, most), unasked);
        }
        assert_eq!(
            said(&second, Some(2)),
            "stopped by SIGUSR1 before the end; 7_3 was started again 2 times, and --requeue allows 2; the \
             same command goes on from here"
        );
        assert!(said(task, Some(0)).contains("--requeue allows 0"));
    }
}
