//! What a program in the sandbox can and cannot do, measure by measure.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use isolation::{End, Ended, Error, InForce, Job, Launcher, Limits, Measure, Stop, Strength, run};
use tempfile::TempDir;

const TIME_LIMIT: Duration = Duration::from_secs(20);

fn launcher() -> Launcher {
    Launcher {
        program: env!("CARGO_BIN_EXE_xtask").into(),
        arguments: vec![OsString::from("isolated")],
    }
}

/// A shell script with one folder to read and one to write.
struct Stage {
    folder: TempDir,
    job: Job,
}

impl Stage {
    fn new(script: &str, strength: Strength) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let everyone = |name: &str, mode| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (given, scratch) = (everyone("given", 0o755), everyone("scratch", 0o777));
        fs::write(given.join("x"), "given").unwrap();
        fs::write(folder.path().join("secret"), "expected").unwrap();
        let command = ["/bin/sh", "-c", script].map(OsString::from).to_vec();
        let job = Job {
            command,
            environment: vec![("HOME".to_owned(), scratch.clone().into())],
            readable: vec![given],
            room: scratch,
            room_folders: Vec::new(),
            removed_without_caller: None,
            limits: Limits::default(),
            strength,
        };
        Self { folder, job }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run_for(&self, time_limit: Duration) -> Result<Ended, Error> {
        run(&self.job, &launcher(), &mut |elapsed, _| elapsed < time_limit)
    }

    fn run(&self) -> Ended {
        self.run_for(TIME_LIMIT).unwrap()
    }
}

/// The path of what a program has left in its room, while `ended` is there.
fn room(ended: &Ended) -> PathBuf {
    format!("/proc/self/fd/{}", ended.room.as_fd().as_raw_fd()).into()
}

fn stdout(ended: &Ended) -> String {
    let stderr = String::from_utf8_lossy(&ended.stderr.beginning);
    assert_eq!(ended.how, End::Exited(0), "{stderr}");
    String::from_utf8(ended.stdout.beginning.clone()).unwrap()
}

/// What is in force here; says aloud if that is not all.
fn in_force() -> InForce {
    let in_force = Stage::new("true", Strength::Auto).run().in_force;
    if !in_force.is_full() {
        let _ = writeln!(io::stderr(), "not all isolation is in force here: {in_force}");
    }
    in_force
}

/// Whether a measure is in force; says aloud that a test is skipped if not.
fn has(measure: &Measure, test: &str) -> bool {
    if let Measure::Missing(why) = measure {
        let _ = writeln!(io::stderr(), "SKIPPED {test}: not in force here: {why}");
    }
    *measure == Measure::InForce
}

#[test]
fn a_program_has_its_files_its_scratch_folder_and_a_clean_environment() {
    for strength in [Strength::Auto, Strength::Off] {
        let stage = Stage::new("cat ../given/x && echo w > w && cat w && env | sort", strength);
        let ended = stage.run();
        let text = stdout(&ended);
        let names: Vec<&str> = text.lines().map(|line| line.split('=').next().unwrap()).collect();
        assert_eq!(names, ["givenw", "HOME", "LANG", "PATH", "PWD"], "{text}");
        assert_eq!(fs::read_to_string(room(&ended).join("w")).unwrap(), "w\n");
    }
}

#[test]
fn other_files_are_out_of_sight_and_given_ones_cannot_be_changed() {
    let in_force = in_force();
    if !(has(&in_force.landlock, "files") || has(&in_force.own_root, "files")) {
        return;
    }
    let stage = Stage::new(
        "cat ../secret; ls ..; ls /root; ls /home; cat /etc/shadow; echo w > ../given/x; \
         echo w > ../given/y; rm ../given/x; mv ../given ../taken; ln ../given/x x; \
         echo w > /tmp/escaped-from-isolation; echo w > ../secret; echo end",
        Strength::Auto,
    );
    let ended = stage.run();
    let text = stdout(&ended);
    assert!(!text.contains("expected") && text.ends_with("end\n"), "{text}");
    assert_eq!(fs::read_to_string(stage.path("given/x")).unwrap(), "given");
    assert_eq!(fs::read_to_string(stage.path("secret")).unwrap(), "expected");
    assert_eq!(fs::read_dir(stage.path("given")).unwrap().count(), 1);
    assert!(!Path::new("/tmp/escaped-from-isolation").exists());
    if has(&in_force.own_root, "permissions") {
        let stage = Stage::new("chmod 0 ../given/x ../secret /etc/localtime", Strength::Auto);
        stage.run();
        let mode = |name| fs::metadata(stage.path(name)).unwrap().permissions().mode() & 0o777;
        assert!(mode("given/x") != 0 && mode("secret") != 0);
    }
}

#[test]
fn it_has_no_network() {
    if !has(&in_force().no_network, "network") {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected");
    let connect = |strength| {
        let mut stage = Stage::new("", strength);
        stage.job.command = ["/bin/bash", "-c", &script].map(OsString::from).to_vec();
        stage.run().how
    };
    if !Path::new("/bin/bash").exists() {
        let _ = writeln!(io::stderr(), "SKIPPED network: it takes bash to connect from a script");
        return;
    }
    assert_eq!(connect(Strength::Off), End::Exited(0));
    assert!(listener.accept().is_ok());
    assert_ne!(connect(Strength::Auto), End::Exited(0));
    assert!(listener.accept().is_err());
}

#[test]
fn a_timeout_ends_it_and_all_that_it_started() {
    for strength in [Strength::Auto, Strength::Off] {
        let script = "trap '' TERM HUP INT; (while :; do echo alive > a; sleep 0.02; done) & \
                      setsid sh -c 'while :; do echo alive > b; sleep 0.02; done' & \
                      while :; do sleep 1; done";
        let stage = Stage::new(script, strength);
        let ended = stage.run_for(Duration::from_millis(500)).unwrap();
        assert_eq!(ended.how, End::Stopped(Stop::Time));
        assert_is_quiet(&ended, &["a", "b"]);
    }
}

#[test]
fn nothing_outlives_it() {
    for strength in [Strength::Auto, Strength::Off] {
        let script = "setsid sh -c 'while :; do echo alive > a; sleep 0.02; done' \
                      > /dev/null 2>&1 < /dev/null & \
                      while [ ! -s a ]; do sleep 0.01; done";
        let stage = Stage::new(script, strength);
        let ended = stage.run();
        assert_eq!(ended.how, End::Exited(0));
        assert_is_quiet(&ended, &["a"]);
    }
}

/// Nobody writes these files of the room any more, and somebody has.
fn assert_is_quiet(ended: &Ended, names: &[&str]) {
    let room = room(ended);
    for name in names {
        fs::remove_file(room.join(name)).unwrap();
    }
    std::thread::sleep(Duration::from_millis(200));
    for name in names {
        assert!(!room.join(name).exists(), "{name} is still written");
    }
}

#[test]
fn each_limit_ends_it() {
    let many = "i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done; wait";
    let fill = "i=0; while [ $i -lt 2000 ]; do echo x > f$i; i=$((i+1)); done; sleep 30";
    for strength in [Strength::Auto, Strength::Off] {
        let ended = Stage::new("yes", strength).run();
        assert_eq!(ended.how, End::Stopped(Stop::Output));
        assert!(ended.stdout.length > 16 << 20 && ended.stdout.beginning.len() == 64 << 10);

        let mut stage = Stage::new(fill, strength);
        stage.job.limits.files = 1000;
        assert_eq!(stage.run().how, End::Stopped(Stop::Disk));

        let stage = Stage::new("head -c 100m /dev/zero > f", strength);
        let ended = stage.run();
        assert_ne!(ended.how, End::Exited(0));
        assert!(fs::metadata(room(&ended).join("f")).unwrap().len() <= 64 << 20);

        // tail keeps its last part in memory.
        for (bytes, fits) in [("1m", true), ("300m", false)] {
            let script = format!("head -c {bytes} /dev/zero | tail -c {bytes} > f");
            let mut stage = Stage::new(&script, strength);
            stage.job.limits.memory = 128 << 20;
            assert_eq!(stage.run().how == End::Exited(0), fits);
        }

        let ended = Stage::new(many, strength).run();
        assert!(
            matches!(ended.how, End::Stopped(Stop::Processes) | End::Exited(1..)),
            "{:?}",
            ended.how
        );
    }
}

#[test]
fn full_isolation_or_none() {
    let in_force = in_force();
    match Stage::new("true", Strength::Full).run_for(TIME_LIMIT) {
        Ok(ended) => assert!(in_force.is_full() && ended.how == End::Exited(0)),
        Err(Error::NotIsolated(found)) => assert!(!in_force.is_full() && *found == in_force),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_cannot_be_started_is_named() {
    let mut stage = Stage::new("", Strength::Auto);
    stage.job.command = vec![stage.path("nothing").into()];
    let error = stage.run_for(TIME_LIMIT).unwrap_err().to_string();
    assert!(error.contains("nothing could not be started: No such file"), "{error}");
}

#[test]
fn how_it_ends_is_told() {
    let end = |script| Stage::new(script, Strength::Auto).run().how;
    assert_eq!(end("exit 7"), End::Exited(7));
    assert_eq!(end("kill -SEGV $$"), End::Killed(11));
}
