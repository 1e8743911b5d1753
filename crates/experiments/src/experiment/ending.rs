//! The end of a study, after its training: the tests, the files, and how they compare with the committed
//! report.

use std::path::Path;

use anyhow::{Result, ensure};
use grader::check::{Options, Scope};
use grader::export::{self, Detail};
use grader::fixture::load_all;
use grader::grading::grade;
use grader::submission::Kernels;
use study::audit::LOCK_FILE;
use study::discussion::{DISCUSSION_FILE, Discussion};
use study::experiment::{Experiment, TestImages};
use study::folder::StudyFolder;
use study::report::PAGE;
use trainer::dataset::{DataSet, LabelledImages};

use terminal::count::counted;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::workspace;

use super::progress::Silent;
use super::reproduced;
use crate::gallery;
use crate::program::program;

/// Tests what is trained and not tested yet, for which alone `test_images` are asked, and writes the
/// report.
pub(crate) fn end(
    experiment: &Experiment,
    mut folder: StudyFolder,
    transcript: String,
    test_images: impl Fn(DataSet) -> Result<LabelledImages>,
    interrupt: &Interrupt,
) -> Result<Exit> {
    let found = experiment.found()?;
    let mut images = TestImages::new();
    for cell in experiment.untested(&found)? {
        let data_set = experiment.cells()[cell].key.arm.data_set();
        if images.iter().all(|(of, _)| *of != data_set) {
            let count = usize::try_from(experiment.config().test_images).unwrap_or(usize::MAX);
            say(format_args!("testing on {}", counted(count, "image")))?;
            images.push((data_set, test_images(data_set)?));
        }
    }
    let tested = experiment.test(&found, &images, &Silent(interrupt))?;
    let (files, discussion) =
        experiment.finish(&mut folder, &found, tested, transcript, &program())?;
    let page = folder.path().join(PAGE);
    let page = workspace::relative(&page).display();
    say(format_args!("wrote {}; open {page}", counted(files, "file")))?;
    tell_of_others(&discussion, folder.path())?;
    if !folder.path().join(LOCK_FILE).exists() {
        say(format_args!(
            "no {LOCK_FILE}: the weights of a cell were removed, so what it computed cannot be told"
        ))?;
    }
    if found.iter().all(|found| found.state.is_complete()) {
        experiment.store().forget_study(experiment.config())?;
    }
    compare(experiment, &folder)?;
    gallery::write(gallery::of([folder.path()])?)?;
    Ok(Exit::Success)
}

/// Says that a discussion is of other results than those in its folder, if it is.
pub(crate) fn tell_of_others(discussion: &Discussion, folder: &Path) -> Result<()> {
    let Discussion::OfOthers { first_line } = discussion else { return Ok(()) };
    say(format_args!(
        "{} is of other results and not shown; of these its first line would be {first_line}",
        workspace::relative(&folder.join(DISCUSSION_FILE)).display()
    ))
}

/// Says how the study came out beside its committed report, if there is one.
fn compare(experiment: &Experiment, made: &StudyFolder) -> Result<()> {
    for committed in study::report::folders_in(&workspace::reports()?)? {
        if let Some(found) = experiment.compare(made, &committed)? {
            say(reproduced::sentence(&found, &committed))?;
        }
    }
    Ok(())
}

/// What `cargo xtask grade --verbose` prints of the workspace's own kernels and the fixtures.
pub(crate) fn transcript_of_kernels() -> Result<String> {
    let cases = load_all(&workspace::root()?.join("fixtures"))?;
    ensure!(!cases.is_empty(), "fixtures: found no case, expected those of the workspace");
    let options = Options { scope: Scope::Cases, ..Options::default() };
    let grading = grade(&Kernels, &cases, &options, "cargo xtask grade");
    Ok(export::text(&grading, Detail::EveryCheck))
}
