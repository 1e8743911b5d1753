//! What Slurm tells a job about itself, in the environment: its task of an array, its processors, and how
//! often it was started again.

use std::collections::BTreeMap;
use std::env;
use std::num::NonZero;

use anyhow::{Context, Result, ensure};

use crate::shard::Shard;

/// The variable that says which task of an array this is.
pub(crate) const TASK: &str = "SLURM_ARRAY_TASK_ID";

/// The job of Slurm that this process is in, if it is in one.
#[derive(Debug)]
pub(crate) struct Job(BTreeMap<String, String>);

impl Job {
    /// By the environment of this process.
    pub(crate) fn here() -> Self {
        let texts = env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self(texts.filter(|(name, _)| name.starts_with("SLURM_")).collect())
    }

    /// The part of a study that falls to this task of an array: the tasks are counted from the first.
    ///
    /// # Errors
    ///
    /// An array whose tasks are not a range with even steps, as 1,3,7 is not: a task cannot know which of
    /// the others there are.
    pub(crate) fn task(&self) -> Result<Option<Shard>> {
        let Some(id) = self.number(TASK)? else { return Ok(None) };
        let of_array = |what: &str| {
            let name = format!("SLURM_ARRAY_TASK_{what}");
            let number = self.number(&name)?;
            number.with_context(|| {
                format!("{name}: found none beside {TASK}; --shard names the part")
            })
        };
        let (count, step) = (of_array("COUNT")?, of_array("STEP")?);
        let (min, max) = (of_array("MIN")?, of_array("MAX")?);
        let is_even = step > 0
            && count > 0
            && (min..=max).contains(&id)
            && (max - min) / step == count - 1
            && (max - min) % step == 0
            && (id - min) % step == 0;
        ensure!(
            is_even,
            "SLURM_ARRAY_TASK_COUNT, _MIN, _MAX, _STEP and _ID: found {count}, {min}, {max}, {step} and \
             {id}, expected those of an array with even steps, as in --array=0-11; or --shard names the part"
        );
        let shard =
            Shard { index: usize::try_from((id - min) / step)?, count: usize::try_from(count)? };
        Ok(Some(shard))
    }

    /// The processors that this task may use.
    pub(crate) fn processors(&self) -> Result<Option<NonZero<usize>>> {
        let name = "SLURM_CPUS_PER_TASK";
        let Some(number) = self.number(name)? else { return Ok(None) };
        let number = usize::try_from(number)?;
        NonZero::new(number)
            .map(Some)
            .with_context(|| format!("{name}: found 0, expected 1 or more"))
    }

    /// How often Slurm started this task again.
    pub(crate) fn restarts(&self) -> Result<u64> {
        Ok(self.number("SLURM_RESTART_COUNT")?.unwrap_or_default())
    }

    /// What Slurm knows it by. The last task of an array has the array's own number for a job, by which
    /// the whole array would be meant.
    pub(crate) fn id(&self) -> Option<String> {
        match (self.0.get("SLURM_ARRAY_JOB_ID"), self.0.get(TASK)) {
            (Some(array), Some(task)) => Some(format!("{array}_{task}")),
            (Some(_) | None, Some(_) | None) => self.0.get("SLURM_JOB_ID").cloned(),
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        let number = text.parse();
        number.map(Some).with_context(|| format!("{name}: found {text:?}, expected a whole number"))
    }
}

#[cfg(test)]
impl Job {
    /// By these variables, as in `SLURM_JOB_ID=9 SLURM_CPUS_PER_TASK=1`.
    pub(crate) fn of(variables: &str) -> Self {
        let pairs = variables.split(' ').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Slurm 22.05 sets them.
    fn array(id: u64, count: u64, min: u64, max: u64, step: u64) -> String {
        format!(
            "SLURM_ARRAY_TASK_ID={id} SLURM_ARRAY_TASK_COUNT={count} SLURM_ARRAY_TASK_MIN={min} \
             SLURM_ARRAY_TASK_MAX={max} SLURM_ARRAY_TASK_STEP={step} SLURM_ARRAY_JOB_ID=7 SLURM_JOB_ID=9"
        )
    }

    #[test]
    fn a_task_is_a_part_wherever_its_array_begins() {
        for (variables, index, count) in [
            (array(0, 12, 0, 11, 1), 0, 12),
            (array(11, 12, 0, 11, 1), 11, 12),
            (array(3, 3, 1, 3, 1), 2, 3),
            (array(6, 4, 2, 8, 2), 2, 4),
            (array(5, 1, 5, 5, 1), 0, 1),
            (array(0, 3, 0, 4, 2), 0, 3),
        ] {
            let found = Job::of(&variables).task().unwrap();
            assert_eq!(found, Some(Shard { index, count }), "{variables}");
        }
        assert_eq!(Job::of("SLURM_JOB_ID=9").task().unwrap(), None);
    }

    #[test]
    fn an_array_with_gaps_is_refused_with_its_variables() {
        // --array=1,3,7 and 0-6:2,7 and 0,2,3,6, and what no Slurm sets.
        for variables in [
            array(3, 3, 1, 7, 1),
            array(2, 5, 0, 7, 2),
            array(3, 4, 0, 6, 1),
            array(7, 5, 0, 8, 2),
            array(9, 4, 0, 3, 1),
            array(0, 4, 0, 3, 0),
            array(0, 0, 0, 3, 1),
            array(2, 4, 3, 0, 1),
        ] {
            let message = Job::of(&variables).task().unwrap_err().to_string();
            assert!(message.starts_with("SLURM_ARRAY_TASK_COUNT, _MIN, "), "{message}");
        }
        let message = Job::of("SLURM_ARRAY_TASK_ID=1").task().unwrap_err().to_string();
        assert!(message.starts_with("SLURM_ARRAY_TASK_COUNT: found none"), "{message}");
        let message = Job::of("SLURM_ARRAY_TASK_ID=a").task().unwrap_err().to_string();
        assert!(message.starts_with("SLURM_ARRAY_TASK_ID: found \"a\""), "{message}");
    }

    #[test]
    fn a_task_of_an_array_is_known_by_the_array_and_its_place() {
        assert_eq!(Job::of(&array(3, 4, 0, 3, 1)).id().unwrap(), "7_3");
        assert_eq!(Job::of("SLURM_JOB_ID=9").id().unwrap(), "9");
        assert_eq!(Job::of("").id(), None);
    }

    #[test]
    fn processors_and_restarts_are_numbers() {
        let job = Job::of("SLURM_CPUS_PER_TASK=4 SLURM_RESTART_COUNT=2");
        assert_eq!(job.processors().unwrap().map(NonZero::get), Some(4));
        assert_eq!(job.restarts().unwrap(), 2);
        let job = Job::of("");
        assert_eq!((job.processors().unwrap(), job.restarts().unwrap()), (None, 0));
        for text in ["0", "two", "-1", ""] {
            let variables = format!("SLURM_CPUS_PER_TASK={text}");
            let message = Job::of(&variables).processors().unwrap_err().to_string();
            assert!(message.starts_with("SLURM_CPUS_PER_TASK: found "), "{message}");
        }
    }
}
