//! The options that change a study: its data set, axes and seeds. Every command that takes a study takes
//! them, so that each finds the cells of a changed one.

use anyhow::Result;
use study::config::StudyConfig;
use study::folder_name::folder_name;
use study::seeds;
use study::study_file::StudyFile;
use trainer::dataset::DataSet;

use crate::data_argument::DataArguments;
use crate::study_argument::NamedStudy;

mod axis_options;

use axis_options::AxisOptions;

/// What changes a study.
#[derive(Debug, clap::Args)]
pub(crate) struct StudyOptions {
    #[command(flatten)]
    pub(crate) data: DataArguments,

    #[command(flatten)]
    axes: AxisOptions,

    /// Seeds, each of which every arm is trained with: how many, from 0, a range as in 5..8, or a list
    /// as in 1,2,3 [default: those of the study, with --quick its first]
    #[arg(long, value_name = "SEEDS", allow_negative_numbers = true, value_parser = seed_list)]
    seeds: Option<SeedList>,

    /// A first look: one seed, 3 epochs of 60 batches, 1,000 validation images
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone)]
struct SeedList(Vec<u64>);

fn seed_list(text: &str) -> Result<SeedList, String> {
    seeds::parse(text).map(SeedList).map_err(|fault| fault.to_string())
}

/// A study that is asked for, with the name of its folder of results.
pub(crate) struct Request {
    pub(crate) config: StudyConfig,
    pub(crate) folder: String,
}

impl StudyOptions {
    /// The data sets that the changed study names, and the arguments with which they are found.
    pub(crate) fn data(&self, study: &NamedStudy) -> Result<(Vec<DataSet>, DataArguments)> {
        let named = self.changed(study).0.data_sets();
        let data = self.data.for_study(&named)?;
        Ok((named, data))
    }

    /// The changed study, of this data set if it names none.
    pub(crate) fn request(&self, study: &NamedStudy, data_set: DataSet) -> Result<Request> {
        let (file, of_options) = self.changed(study);
        let mut changes = NamedStudy::change_by(&file, data_set);
        changes.extend(of_options);
        let config = study.config(file, data_set)?;
        Ok(Request { config, folder: folder_name(&study.name, &changes) })
    }

    /// The words of a command line that ask for the same changed study, which `argument` names, of this
    /// data set if it names none itself.
    pub(crate) fn words(
        &self,
        study: &NamedStudy,
        argument: &str,
        data_set: DataSet,
    ) -> Vec<String> {
        let mut words = vec![argument.to_owned()];
        let mut option = |more: &[&str]| words.extend(more.iter().map(|&word| word.to_owned()));
        if self.changed(study).0.data_sets().is_empty() {
            option(&["--dataset", data_set.entry().argument]);
        }
        if self.quick {
            option(&["--quick"]);
        }
        self.axes.settings().iter().for_each(|setting| option(&["--set", setting]));
        if let Some(SeedList(seeds)) = &self.seeds {
            option(&["--seeds", &seeds::text(seeds)]);
        }
        words
    }

    /// The first option that changes a study, if one does. Which data set it gets is no change.
    pub(crate) fn first_change(&self) -> Option<String> {
        let quick = self.quick.then(|| "--quick".to_owned());
        let seeds = self.seeds.as_ref().map(|_| "--seeds".to_owned());
        quick.or_else(|| self.axes.first().map(|axis| format!("--set {axis}"))).or(seeds)
    }

    /// The file of a study with the changes, and these as parts of a folder's name.
    fn changed(&self, study: &NamedStudy) -> (StudyFile, Vec<String>) {
        let mut file = study.file.clone();
        let mut changes = Vec::new();
        if self.quick && !file.quick {
            changes.push("quick".to_owned());
            file.look_quickly();
        }
        changes.extend(self.axes.apply(&mut file));
        if let Some(SeedList(seeds)) = &self.seeds {
            changes.push(format!("seeds={}", seeds::text(seeds)));
            file.set_seeds(seeds.clone());
        }
        (file, changes)
    }
}
