//! `cargo xtask report`: the figures and the report of a study, from its tables or from what is there of
//! its cells. It trains nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use study::audit::with_lock;
use study::experiment::Experiment;
use study::folder::{StudyFolder, is_finished};
use study::report::{render, studies_below};
use study::store::Store;
use study::tables::{Study, table_files};
use trainer::run::identity;

use crate::experiment::ending::{end, tell_of_others, transcript_of_kernels};
use crate::experiment::{store, threads};
use crate::gallery;
use crate::slurm::Job;
use crate::study_argument::{NamedStudy, find};
use crate::study_options::StudyOptions;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::workspace::{self, relative};

mod missing;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Studies by their names or files, which are reported from what is trained of their cells; folders of
    /// results, which are reported from their tables [default: every finished study below runs/ and
    /// reports/]
    #[arg(value_name = "STUDY|DIR")]
    studies: Vec<String>,

    /// A folder of cells from elsewhere, such as a copy of another machine's runs/cells; may be given
    /// several times
    #[arg(long, value_name = "DIR")]
    from: Vec<PathBuf>,

    /// Folder of all cells [default: runs/cells]
    #[arg(long, value_name = "DIR")]
    cells: Option<PathBuf>,

    /// Folder of the report [default: as that of cargo xtask experiment]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    options: StudyOptions,
}

/// What one argument asks for.
enum Request {
    /// The report of a folder from the tables in it.
    Tables(PathBuf),
    /// The report of a study from its cells, and the folder that it is to be in, if it is a certain one.
    Cells(Box<NamedStudy>, Option<PathBuf>),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let requests = match arguments.studies.as_slice() {
        [] => {
            let options = [&arguments.cells, &arguments.out].iter().any(|option| option.is_some());
            ensure!(
                !options && arguments.from.is_empty(),
                "--from, --cells, --out: found no study that they are for, expected one"
            );
            finished_studies()?.into_iter().map(Request::Tables).collect()
        }
        named => named.iter().map(|study| arguments.request(study)).collect::<Result<Vec<_>>>()?,
    };
    if arguments.out.is_some() {
        match requests.as_slice() {
            [Request::Cells(..)] => {}
            [Request::Tables(_)] => {
                bail!("--out: found a folder with a report, expected a study by its name or file")
            }
            several => bail!("--out: found {} studies, expected one", several.len()),
        }
    }
    if let Some(option) = arguments.options.first_change()
        && let Some(Request::Tables(folder)) =
            requests.iter().find(|request| matches!(request, Request::Tables(_)))
    {
        bail!(
            "{option}: found {} with a report, which stays as it is, expected a study by its name or file",
            relative(folder).display()
        );
    }
    // Everything is drawn before the first file is replaced: what cannot be made leaves the old.
    let mut reports = Vec::new();
    let mut studies = Vec::new();
    for request in requests {
        match request {
            Request::Tables(folder)
                if reports.iter().any(|(other, _, _)| are_one(other, &folder)) => {}
            Request::Tables(folder) => {
                let folder = StudyFolder::enter(&folder)?;
                let path = folder.path();
                let study = Study::read(path)?;
                tell_of_others(&study.discussion, path)?;
                let files = render(&study)
                    .and_then(|files| with_lock(path, files))
                    .with_context(|| format!("{} cannot be reported", path.display()))?;
                reports.push((folder, table_files(&study.config), files));
            }
            Request::Cells(study, folder) => studies.push((study, folder)),
        }
    }
    let gallery = gallery::of(reports.iter().map(|(folder, _, _)| folder.path()))?;
    for (folder, tables, files) in &mut reports {
        let names: Vec<PathBuf> = files.iter().map(|(file, _)| file.clone()).collect();
        folder.add(tables, &names)?;
    }
    for (folder, _, files) in reports {
        for (file, bytes) in files {
            folder.write(&file, &bytes)?;
            say(format_args!("wrote {}", relative(&folder.path().join(file)).display()))?;
        }
    }
    gallery::write(gallery)?;
    if !studies.is_empty() {
        let interrupt = Interrupt::listen("stopping after this test; again to stop at once")?;
        for (study, folder) in studies {
            arguments.report(&study, folder, &interrupt)?;
        }
    }
    Ok(Exit::Success)
}

impl Arguments {
    fn request(&self, argument: &str) -> Result<Request> {
        let folder = Path::new(argument);
        if !folder.is_dir() {
            return Ok(Request::Cells(Box::new(find(Some(argument))?), None));
        }
        let shown = relative(folder).display();
        if identity(folder)?.is_some() {
            bail!(
                "{shown}: found a cell, expected a study or the folder of its results; `cargo xtask report \
                 STUDY` reports the cells of a study, `cargo xtask evaluate {shown}` evaluates this one"
            );
        }
        let finds_cells_elsewhere = self.cells.is_some() || !self.from.is_empty();
        if is_finished(folder) && !finds_cells_elsewhere {
            return Ok(Request::Tables(folder.to_path_buf()));
        }
        if folder.join(study::config::CONFIG_FILE).exists() {
            return Ok(Request::Cells(Box::new(find(Some(argument))?), Some(folder.to_path_buf())));
        }
        if !Store::new(folder.to_path_buf()).index()?.is_empty() {
            bail!(
                "{shown}: found a folder of cells, expected a study or the folder of its results; \
                 `cargo xtask report STUDY --from {shown}` reports a study from them"
            );
        }
        // Which says what makes one.
        Ok(Request::Tables(folder.to_path_buf()))
    }

    /// Reports what is trained of a study's cells.
    fn report(
        &self,
        study: &NamedStudy,
        folder: Option<PathBuf>,
        interrupt: &Interrupt,
    ) -> Result<()> {
        let (_, data) = self.options.data(study)?;
        let threads = threads(None, &Job::here())?;
        for data_set in data.possible() {
            let changed = self.options.request(study, data_set)?;
            let experiment =
                Experiment::new(changed.config, store(self.cells.as_deref())?, threads)?
                    .with_cells_of(self.others()?);
            let found = experiment.found()?;
            if !found.iter().any(|found| found.state.is_complete()) {
                continue;
            }
            let out = match (&self.out, folder) {
                (Some(out), _) => out.clone(),
                (None, Some(folder)) if self.options.first_change().is_none() => folder,
                (None, Some(_) | None) => workspace::runs()?.join(changed.folder),
            };
            missing::lines(&experiment, &found).iter().try_for_each(say)?;
            let transcript = transcript_of_kernels()?;
            let test_images = |wanted| Ok(data.only(wanted).find()?.test()?);
            experiment.expect_no_loss(&out, &found)?;
            let folder = experiment.open(&out)?;
            end(&experiment, folder, transcript, test_images, interrupt)?;
            return Ok(());
        }
        let store = store(self.cells.as_deref())?;
        let folders = [store.path()].into_iter().chain(self.from.iter().map(PathBuf::as_path));
        let folders: Vec<String> =
            folders.map(|folder| relative(folder).display().to_string()).collect();
        bail!(
            "{}: found none of its cells trained in {}; `cargo xtask experiment` trains them, and --from \
             names a folder that has them",
            study.name,
            folders.join(", ")
        )
    }

    /// The stores from elsewhere.
    fn others(&self) -> Result<Vec<Store>> {
        let other = |folder: &PathBuf| {
            let store = Store::new(folder.clone());
            if store.index()?.is_empty() {
                bail!(
                    "--from: found no cell in {}, expected a folder of cells, such as runs/cells",
                    folder.display()
                );
            }
            Ok(store)
        };
        self.from.iter().map(other).collect()
    }
}

/// Whether a folder of a report is this one, named twice.
fn are_one(folder: &StudyFolder, other: &Path) -> bool {
    match (folder.path().canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
}

/// The finished studies of the workspace. Standard error names the others.
fn finished_studies() -> Result<Vec<PathBuf>> {
    let mut folders = studies_below(&[workspace::runs()?, workspace::reports()?])?;
    folders.retain(|folder| {
        let is_finished = is_finished(folder);
        if !is_finished {
            let folder = relative(folder).display();
            eprintln!(
                "{folder}: not finished, left as it is; the command that began it goes on with it, and \
                 `cargo xtask report {folder}` reports what is there"
            );
        }
        is_finished
    });
    Ok(folders)
}
