use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use grader::check::{DEFAULT_SEED, Options, Scope, grade, known_checks, needs_no_fixture};
use grader::diagnosis::Profile;
use grader::export;
use grader::fixture::{Case, Mode, load_all, load_one};
use grader::rubric::Rubric;
use grader::submission::{BnParam, InputsFolder, Kernels, RustFunctions, Submission};
use grader::verdict::Report;

use crate::grade::stranger::{Source, Stranger, Terms};
use crate::output::say;
use crate::{Outcome, workspace};

mod batch;
mod mistakes;
mod stranger;
mod watch;
mod words;

#[derive(clap::Args)]
pub struct Arguments {
    /// What of this workspace to grade [default: kernels]
    #[arg(long, value_enum, group = "source")]
    target: Option<Target>,
    #[command(flatten)]
    source: Source,
    /// Folder of the fixtures [default: fixtures/ of this workspace]
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// Grade this case alone, as in spatial_batch_norm/one_pixel or behaviour/x_untouched
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Seed of the random cases
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Whether deviations that are conventions, not mistakes, pass with a note
    #[arg(long, value_enum, default_value_t = ProfileName::Notebook)]
    profile: ProfileName,
    /// Print the catalogue of known mistakes and grade nothing
    #[arg(long, exclusive = true)]
    list_mistakes: bool,
    /// Format of the transcript
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Mark by this rubric, as crates/grader/README.md tells it [default: for formats of marks,
    /// crates/grader/rubrics/default.toml]
    #[arg(long, value_name = "FILE", conflicts_with = "case")]
    rubric: Option<PathBuf>,
    /// Print the first failure alone, and what to do about it
    #[arg(long, conflicts_with_all = ["format", "batch"])]
    first_failure: bool,
    /// Grade at every save, and show the first failure
    #[arg(long, requires = "target", conflicts_with_all = ["format", "case", "rubric"])]
    watch: bool,
    #[command(flatten)]
    hand_ins: batch::HandIns,
    #[command(flatten)]
    watched: watch::Watched,
    #[command(flatten)]
    terms: Terms,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// The kernels of this workspace, which are the reference
    Kernels,
    /// Your functions in crates/exercise
    Exercise,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ProfileName {
    /// They pass with a note
    Notebook,
    /// They fail
    Strict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For the terminal
    Text,
    /// For programs
    Json,
    /// For continuous integration
    Junit,
    /// Gradescope's results.json, with marks
    Gradescope,
    /// Exercism's results.json, version 3
    Exercism,
}

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    if arguments.list_mistakes {
        say(mistakes::list().trim_end())?;
        return Ok(Outcome::Success);
    }
    if arguments.watch {
        ensure!(
            arguments.target == Some(Target::Exercise),
            "--watch: found --target kernels, expected --target exercise"
        );
        return watch::run(&arguments.watched, &arguments.graded_again());
    }
    // All cases are read before the first is asked, so that a bad one leaves no half transcript.
    let fixtures = workspace::fixtures_folder(arguments.fixtures.as_deref())?;
    let cases = match &arguments.case {
        Some(name) if needs_no_fixture(name) => Vec::new(),
        Some(name) => vec![load_one(&fixtures, name)?],
        None => load_all(&fixtures)?,
    };
    let options = arguments.options();
    if let Some(folder) = &arguments.source.export_inputs {
        return export_inputs(folder, &cases, &options);
    }
    let marking = Marking::new(arguments, &cases)?;
    if let Some(folder) = &arguments.hand_ins.batch {
        return batch::run(folder, arguments, &fixtures, &cases, &marking);
    }
    let stranger = arguments.source.submission(&arguments.terms)?;
    let ours = arguments.target.unwrap_or(Target::Kernels).submission();
    let submission = stranger.as_ref().map_or(ours.as_ref(), Stranger::submission);
    let mut report = grade(submission, &cases, &options);
    report.isolation = stranger.as_ref().map(Stranger::isolation).transpose()?.flatten();
    if report.suites.iter().all(|suite| suite.verdicts.is_empty()) {
        let asked = arguments.case.as_deref().unwrap_or("the fixtures");
        if needs_no_fixture(asked) {
            bail!(
                "{asked}: {} is not asked that; without --case, all that it is asked is listed",
                submission.name()
            );
        }
        let declined = report.suites.iter().flat_map(|suite| &suite.not_asked).next();
        let found = declined.map_or("of another operation", |declined| declined.reason.as_str());
        bail!(
            "{asked}: found a case {found}, expected one of batch norm that {} answers",
            submission.name()
        );
    }
    marking.mark(&mut report);
    let transcript = if arguments.first_failure {
        export::first_failure(&report)
    } else {
        arguments.format.transcript(&report, None)?
    };
    say(transcript.trim_end())?;
    Ok(if report.all_passed() { Outcome::Success } else { Outcome::FoundWrong })
}

/// Writes what a submission would be asked into a folder, with nothing else in it.
fn export_inputs(folder: &Path, cases: &[Case], options: &Options) -> Result<Outcome> {
    let is_used = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    ensure!(!is_used, "{}: found a folder with files in it, expected none", folder.display());
    fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    let inputs = InputsFolder::new(folder);
    grade(&inputs, cases, options);
    let scripts = inputs.written()?;
    say(format!(
        "wrote {scripts} scripts; answer them as crates/grader/README.md says, and then:\n\
         cargo xtask grade --outputs DIR"
    ))?;
    Ok(Outcome::Success)
}

/// What `cargo xtask grade` prints of the workspace's own kernels and the fixtures.
pub fn transcript_of_kernels() -> Result<String> {
    let cases = load_all(&workspace::root()?.join("fixtures"))?;
    let options = Options { scope: Scope::Cases, ..Options::new("cargo xtask grade") };
    let report = grade(&Kernels, &cases, &options);
    Ok(export::text(&report))
}

/// By which rubric reports are marked, if by any.
struct Marking {
    rubric: Option<Rubric>,
    /// The rubric's text.
    text: String,
}

impl Marking {
    /// The rubric that is named; else the default one, where marks are asked for.
    fn new(arguments: &Arguments, cases: &[Case]) -> Result<Self> {
        let needs_marks =
            arguments.format == Format::Gradescope || arguments.hand_ins.batch.is_some();
        let (rubric, text) = match &arguments.rubric {
            Some(file) => Rubric::load(file)?,
            None if needs_marks && arguments.case.is_some() => {
                bail!("--case: marks are of everything; grade without it")
            }
            None if needs_marks => (Rubric::preset()?, Rubric::PRESET.to_owned()),
            None => return Ok(Self { rubric: None, text: String::new() }),
        };
        rubric.validate(&known_checks(cases))?;
        Ok(Self { rubric: Some(rubric), text })
    }

    fn mark(&self, report: &mut Report) {
        if let Some(rubric) = &self.rubric {
            report.mark(rubric);
        }
    }
}

impl Format {
    /// A report in this format; `seconds` is how long it took, for formats that say so.
    fn transcript(self, report: &Report, seconds: Option<f64>) -> Result<String> {
        Ok(match self {
            Self::Text => export::text(report),
            Self::Json => export::json(report)?,
            Self::Junit => export::junit(report)?,
            Self::Gradescope => export::gradescope(report, seconds)?,
            Self::Exercism => export::exercism(report)?,
        })
    }

    /// What the names of files in this format end in.
    fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
            Self::Junit => "xml",
            Self::Gradescope => "gradescope.json",
            Self::Exercism => "exercism.json",
        }
    }
}

impl Arguments {
    /// What a watch grades by at every save.
    fn graded_again(&self) -> Vec<String> {
        let command = self.command();
        let words = command.split(' ').skip(2).map(str::to_owned);
        words.chain(["--first-failure".to_owned()]).collect()
    }

    fn options(&self) -> Options {
        self.options_of(self.command())
    }

    /// The same for the submission that this command grades.
    fn options_of(&self, command: String) -> Options {
        Options {
            command,
            profile: match self.profile {
                ProfileName::Notebook => Profile::Notebook,
                ProfileName::Strict => Profile::Strict,
            },
            seed: self.seed,
            scope: match &self.case {
                None => Scope::Everything,
                Some(name) if needs_no_fixture(name) => Scope::Only(name.clone()),
                Some(_) => Scope::Cases,
            },
        }
    }

    /// The command that grades the same submission on the same fixtures.
    fn command(&self) -> String {
        let source = self.source.command().unwrap_or_else(|| match self.target {
            None | Some(Target::Kernels) => "--target kernels".to_owned(),
            Some(Target::Exercise) => "--target exercise".to_owned(),
        });
        self.command_of(&source)
    }

    /// The command that grades this source in the same way.
    fn command_of(&self, source: &str) -> String {
        let mut command = format!("cargo xtask grade {source}");
        if let Some(fixtures) = &self.fixtures {
            command.push_str(&format!(" --fixtures {}", fixtures.display()));
        }
        if self.seed != DEFAULT_SEED {
            command.push_str(&format!(" --seed {}", self.seed));
        }
        if self.profile == ProfileName::Strict {
            command.push_str(" --profile strict");
        }
        command
    }
}

impl Target {
    fn submission(self) -> Box<dyn Submission> {
        match self {
            Self::Kernels => Box::new(Kernels),
            Self::Exercise => Box::new(RustFunctions::new(
                "exercise",
                |x, gamma, beta, bn_param: &mut BnParam| {
                    let mut param = exercise::BnParam {
                        mode: match bn_param.mode {
                            Mode::Train => exercise::Mode::Train,
                            Mode::Eval => exercise::Mode::Test,
                        },
                        eps: bn_param.eps,
                        momentum: bn_param.momentum,
                        running_mean: bn_param.running_mean.clone(),
                        running_var: bn_param.running_var.clone(),
                    };
                    let result = exercise::spatial_batchnorm_forward(x, gamma, beta, &mut param);
                    bn_param.running_mean = param.running_mean;
                    bn_param.running_var = param.running_var;
                    result
                },
                exercise::spatial_batchnorm_backward,
            )),
        }
    }
}
