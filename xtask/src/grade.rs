//! `cargo xtask grade`: arguments, and which submission is graded on which cases.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::builder::{
    NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser,
};
use grader::check::{
    DEFAULT_SEED, Options, Scope, known_checks, needs_no_fixture, protocol_scripts,
};
use grader::diagnosis::Profile;
use grader::export::{self, Detail, FORMATS, OutputFormat};
use grader::fixture::{Case, load_all, load_one};
use grader::grading::grade;
use grader::hand_in::Problem;
use grader::messages;
use grader::rubric::Rubric;
use grader::submission::protocol::write_inputs;
use grader::submission::{Kernels, Submission};

use crate::embedded::Fixtures;
use crate::grade::class::Asked;
use crate::grade::exercise::Exercise;
use crate::grade::run_options::RunOptions;
use crate::grade::source::{Source, Untrusted};
use crate::grade::watch::{Watch, Watched};
use terminal::called_as;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::{replace_file, say};
use terminal::shell::quoted;

mod class;
mod exercise;
mod marks_table;
mod run_options;
mod source;
mod watch;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What of this workspace to grade [default: kernels]
    #[arg(long, value_enum, group = "source")]
    target: Option<Target>,
    #[command(flatten)]
    source: Source,
    /// Folder of the fixtures [default: fixtures/ of this workspace, else those of this program]
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// Grade this case alone, as in spatial_batch_norm/one_pixel or behaviour/x_untouched
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
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
    #[arg(long, value_parser = formats(), default_value = FORMATS[0].name)]
    format: &'static OutputFormat,
    /// Write the transcript to this file instead of standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["watch", "batch", "export_inputs"])]
    out: Option<PathBuf>,
    /// List every check in the text, those that passed too
    #[arg(long, conflicts_with_all = ["first_failure", "watch", "batch"])]
    verbose: bool,
    /// Mark by this rubric, as crates/grader/README.md tells it [default: for formats of marks,
    /// crates/grader/rubrics/default.toml]
    #[arg(long, value_name = "FILE", conflicts_with = "case")]
    rubric: Option<PathBuf>,
    /// Print the first failure alone, and what to do about it
    #[arg(long, conflicts_with_all = ["format", "batch"])]
    first_failure: bool,
    /// Grade at every save: show what is done, the first failure, and hints on request
    #[arg(long, requires = "source", conflicts_with_all = ["format", "case", "rubric"])]
    watch: bool,
    /// Another folder than crates/exercise, for tests
    #[arg(long, hide = true, requires = "target")]
    exercise_folder: Option<PathBuf>,
    #[command(flatten)]
    hand_ins: class::HandIns,
    #[command(flatten)]
    run_options: RunOptions,
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

/// The output formats, by name.
fn formats() -> impl TypedValueParser<Value = &'static OutputFormat> {
    let names = FORMATS.map(|format| PossibleValue::new(format.name).help(format.summary));
    PossibleValuesParser::new(names).try_map(|name| export::format(&name).ok_or("no such format"))
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    if arguments.list_mistakes {
        say(export::list_of_mistakes().trim_end())?;
        return Ok(Exit::Success);
    }
    ensure!(
        !arguments.verbose || arguments.format.name == export::TEXT.name,
        "--verbose: found --format {}, expected text; the other formats list every check anyway",
        arguments.format.name
    );
    if let Some(file) = &arguments.out {
        expect_replaceable(file)?;
    }
    let cases = arguments.cases()?;
    let mut options = arguments.options();
    if let Some(folder) = &arguments.source.export_inputs {
        return export_inputs(folder, &cases, &options);
    }
    if arguments.watch {
        return watch::run(&Watch {
            watched: arguments.watched()?,
            cases: &cases,
            options: &options,
            command: arguments.command(&options),
            run_options: &arguments.run_options,
        });
    }
    let rubric = arguments.rubric(&cases)?;
    options.hidden = rubric.as_ref().map(Rubric::hidden).unwrap_or_default();
    if let Some(folder) = &arguments.hand_ins.batch {
        let asked = Asked {
            cases: &cases,
            options: &options,
            rubric: rubric.as_ref().context("--batch is without marks")?,
            rubric_file: arguments.rubric.as_deref(),
            format: arguments.format,
            command: &|file| arguments.command_for_student(file, &options),
        };
        return class::run(folder, &arguments.hand_ins, &arguments.run_options, &asked);
    }
    let untrusted = match arguments.target {
        Some(Target::Exercise) => Some(arguments.exercise()?),
        None | Some(Target::Kernels) => match arguments.source.submission(&arguments.run_options) {
            Ok(untrusted) => untrusted,
            Err(error) => return arguments.ungraded(error),
        },
    };
    let submission = untrusted.as_ref().map_or(&Kernels as &dyn Submission, Untrusted::submission);
    let command = arguments.command(&options);
    let mut grading = match &untrusted {
        Some(untrusted) => {
            // What runs is ended first, and its files are removed.
            Interrupt::listen_for(arguments.run_options.is_cancelled.clone(), "stopping")?;
            untrusted.grade(&cases, &options, &command, &arguments.run_options)?
        }
        None => grade(submission, &cases, &options, command),
    };
    if grading.report.verdicts().next().is_none() {
        let asked = arguments.case.as_deref().unwrap_or("the fixtures");
        if needs_no_fixture(asked) {
            bail!(
                "{asked}: {} is not asked that; without --case, all that it is asked is listed",
                submission.name()
            );
        }
        let declined = grading.report.suites.iter().flat_map(|suite| &suite.not_asked).next();
        let found = declined.map_or("of another operation", |declined| declined.reason.as_str());
        bail!(
            "{asked}: found a case {found}, expected one of batch norm that {} answers",
            submission.name()
        );
    }
    if let Some(rubric) = &rubric {
        grading.mark(rubric);
    }
    let transcript = if arguments.first_failure {
        export::first_failure(&grading)
    } else if arguments.verbose {
        export::text(&grading, Detail::EveryCheck)
    } else {
        arguments.format.write(&grading)?
    };
    arguments.tell(&transcript)?;
    let is_for_people = arguments.first_failure || arguments.format.name == export::TEXT.name;
    if is_for_people && let Some(printed) = untrusted.as_ref().and_then(Untrusted::printed) {
        say(format!("\n{}", printed.text()))?;
    }
    let all_passed = grading.report.all_passed();
    Ok(if all_passed { Exit::Success } else { Exit::FoundWrong })
}

/// Refuses the name of code or of a folder for the transcript.
fn expect_replaceable(out: &Path) -> Result<()> {
    let shown = messages::path(out);
    ensure!(
        !class::is_code(out),
        "--out: found {shown}, expected a name of no code, which would be replaced"
    );
    ensure!(!out.is_dir(), "--out: found the folder {shown}, expected the name of a file");
    Ok(())
}

/// Writes what a submission would be asked into a folder, with nothing else in it.
fn export_inputs(folder: &Path, cases: &[Case], options: &Options) -> Result<Exit> {
    let is_used = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    ensure!(!is_used, "{}: found a folder with files in it, expected none", folder.display());
    fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    let scripts = write_inputs(folder, &protocol_scripts(cases, options))?.len();
    say(format!(
        "wrote {scripts} scripts; answer them as crates/grader/README.md says, and then:\n\
         {} grade --outputs DIR",
        called_as()
    ))?;
    Ok(Exit::Success)
}

/// The arguments of `cargo xtask grade` with these words after it.
pub(crate) fn parse(words: &[String]) -> Result<Arguments, clap::Error> {
    #[derive(clap::Parser)]
    #[command(name = "cargo xtask grade")]
    struct Alone {
        #[command(flatten)]
        arguments: Arguments,
    }
    let words = iter::once("grade").chain(words.iter().map(String::as_str));
    Ok(<Alone as clap::Parser>::try_parse_from(words)?.arguments)
}

/// The text of the rubric in this file, else of the default one. It fits what is asked.
pub(crate) fn rubric_text(file: Option<&Path>) -> Result<String> {
    let cases = load_all(&Fixtures::find(None)?.folder)?;
    let (rubric, text) = read_rubric(file)?;
    rubric.validate(&known_checks(&cases))?;
    Ok(text)
}

/// The rubric in this file, else the default one, and its text.
fn read_rubric(file: Option<&Path>) -> Result<(Rubric, String)> {
    let Some(file) = file else {
        return Ok((Rubric::preset()?, Rubric::PRESET.to_owned()));
    };
    let name = file.display().to_string();
    let text =
        files::read_text(file).with_context(|| format!("{name}: the rubric cannot be read"))?;
    Ok((Rubric::parse(&text, &name)?, text))
}

impl Arguments {
    /// The exercise, built.
    fn exercise(&self) -> Result<Untrusted> {
        let exercise = Exercise::new(self.exercise_folder.as_deref())?;
        let program = exercise
            .build()?
            .context("the exercise does not build; mend the first of the errors above")?;
        let process = exercise.submission(program, &self.run_options)?;
        Ok(Untrusted::Process(Box::new(process)))
    }

    /// What is graded at every save.
    fn watched(&self) -> Result<Watched> {
        match (self.target, self.source.python()) {
            (Some(Target::Exercise), _) => {
                Ok(Watched::Exercise(Exercise::new(self.exercise_folder.as_deref())?))
            }
            (_, Some(path)) => Ok(Watched::Python(path.to_owned())),
            (Some(Target::Kernels), None) => {
                bail!(
                    "--watch: found --target kernels, expected --target exercise or --python FILE"
                )
            }
            (None, None) => bail!("--watch: expected --target exercise or --python FILE"),
        }
    }

    /// The cases that are asked. All are read before the first is asked, so that a bad one leaves no half
    /// transcript.
    fn cases(&self) -> Result<Vec<Case>> {
        let fixtures = Fixtures::find(self.fixtures.as_deref())?;
        Ok(match &self.case {
            Some(name) if needs_no_fixture(name) => Vec::new(),
            Some(name) => vec![load_one(&fixtures.folder, name)?],
            None => load_all(&fixtures.folder)?,
        })
    }

    /// Prints a transcript, or writes it to the file that is named.
    fn tell(&self, transcript: &str) -> Result<()> {
        let Some(file) = &self.out else { return say(transcript.trim_end()) };
        replace_file(file, transcript.as_bytes())?;
        say(format!("wrote {}", messages::path(file)))
    }

    /// Tells a platform why a hand-in cannot be graded, if its format has a way to, and if that is due to
    /// the hand-in.
    fn ungraded(&self, error: anyhow::Error) -> Result<Exit> {
        let problem = error.downcast_ref::<Problem>().filter(|problem| problem.is_of_hand_in());
        let problem = problem.map(Problem::to_string);
        match problem.map(|problem| self.format.ungraded(&problem)).transpose()?.flatten() {
            Some(transcript) => self.tell(&transcript).map(|()| Exit::FoundWrong),
            None => Err(error),
        }
    }

    /// The rubric that is named; else the default one, where marks are asked for.
    fn rubric(&self, cases: &[Case]) -> Result<Option<Rubric>> {
        let needs_marks = self.format.needs_marks || self.hand_ins.batch.is_some();
        if self.rubric.is_none() {
            if !needs_marks {
                return Ok(None);
            }
            ensure!(self.case.is_none(), "--case: marks are of everything; grade without it");
        }
        let (rubric, _) = read_rubric(self.rubric.as_deref())?;
        rubric.validate(&known_checks(cases))?;
        Ok(Some(rubric))
    }

    fn options(&self) -> Options {
        Options {
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
            hidden: Vec::new(),
        }
    }

    /// The command that grades the same submission on the same fixtures.
    fn command(&self, options: &Options) -> String {
        let source = self.source.command().unwrap_or_else(|| match self.target {
            None | Some(Target::Kernels) => "--target kernels".to_owned(),
            Some(Target::Exercise) => "--target exercise".to_owned(),
        });
        self.command_of(&source, options)
    }

    /// The command that grades a hand-in of a class in the same way, without the teacher's folders.
    fn command_for_student(&self, file: &Path, options: &Options) -> String {
        let name = |path: &Path| Path::new(path.file_name().unwrap_or_default()).to_owned();
        self.command_with(&source::python(file), &name, options)
    }

    /// The command that grades this source in the same way.
    fn command_of(&self, source: &str, options: &Options) -> String {
        self.command_with(source, &Path::to_owned, options)
    }

    fn command_with(
        &self,
        source: &str,
        shown: &dyn Fn(&Path) -> PathBuf,
        options: &Options,
    ) -> String {
        let mut command = format!("{} grade {source}", called_as());
        let folders = [("--course", &self.run_options.course), ("--fixtures", &self.fixtures)];
        for (argument, folder) in folders {
            if let Some(folder) = folder {
                let folder = shown(folder).display().to_string();
                command.push_str(&format!(" {argument} {}", quoted(&folder)));
            }
        }
        // Hidden inputs may follow from it, and students read the command.
        if self.seed != DEFAULT_SEED && options.hidden.is_empty() {
            command.push_str(&format!(" --seed {}", self.seed));
        }
        if self.profile == ProfileName::Strict {
            command.push_str(" --profile strict");
        }
        command
    }
}
