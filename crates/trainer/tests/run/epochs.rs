//! A run that is asked for more epochs than it has goes on; one that has them is complete.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use trainer::run::{Ended, RunConfig, read_distributions, read_metrics, saved_steps};

use super::{config, files, two_halves};

/// Trains to so many epochs, and breaks when so many measurements were seen that earlier calls did
/// not leave.
fn train(folder: &Path, epochs: u64, most: usize) -> Ended {
    let (images, split) = two_halves();
    let before = read_metrics(folder).map_or(0, |rows| rows.len());
    let mut seen = 0;
    let run = RunConfig { epochs, ..config() };
    run.train(&images, &split, folder, |_| {
        seen += 1;
        if seen > before + most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap()
}

const ALL: usize = usize::MAX / 2;

#[test]
fn going_on_to_more_epochs_gives_the_bytes_of_all_at_once() {
    let at_once = tempfile::tempdir().unwrap();
    assert_eq!(train(at_once.path(), 4, ALL), Ended::Complete);
    let expected = files(at_once.path());
    assert!(expected.contains_key("weights/epoch=4.safetensors"));
    for parts in [[1, 4, 4], [3, 4, 4], [1, 2, 4], [2, 3, 4]] {
        let folder = tempfile::tempdir().unwrap();
        for epochs in parts {
            assert_eq!(train(folder.path(), epochs, ALL), Ended::Complete);
        }
        assert_eq!(files(folder.path()), expected, "{parts:?}");
    }
    // With stops on the way, within an epoch and at its end.
    for stops in [[0, 4], [2, 5], [5, 3]] {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(train(folder.path(), 2, stops[0]), Ended::Interrupted);
        train(folder.path(), 2, ALL);
        assert_eq!(train(folder.path(), 4, stops[1]), Ended::Interrupted);
        assert_eq!(train(folder.path(), 4, ALL), Ended::Complete);
        assert_eq!(files(folder.path()), expected, "{stops:?}");
    }
}

/// Killed in the third epoch: logs are longer than the checkpoint says, and parts of files are left.
#[test]
fn a_process_that_is_killed_on_the_way_to_more_epochs_changes_no_byte() {
    let at_once = tempfile::tempdir().unwrap();
    train(at_once.path(), 3, ALL);
    let expected = files(at_once.path());
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), 2, ALL);
    let before = files(folder.path());
    for log in ["metrics.csv", "distributions.csv", "events.out.tfevents.run"] {
        fs::write(folder.path().join(log), [before[log].as_slice(), b"10,2,tr"].concat()).unwrap();
    }
    // After the logs the weights are written, then the checkpoint.
    fs::copy(
        at_once.path().join("weights/epoch=3.safetensors"),
        folder.path().join("weights/epoch=3.safetensors"),
    )
    .unwrap();
    let part = "checkpoints/epoch=2-step=15.safetensors.part";
    fs::write(folder.path().join(part), "half").unwrap();
    assert_eq!(train(folder.path(), 2, ALL), Ended::Complete);
    assert_eq!(train(folder.path(), 3, ALL), Ended::Complete);
    assert_eq!(files(folder.path()), expected);
}

#[test]
fn a_run_of_more_epochs_is_complete_at_once_for_fewer() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), 3, ALL);
    // One more has begun.
    assert_eq!(train(folder.path(), 4, 2), Ended::Interrupted);
    assert_eq!(saved_steps(folder.path(), 5).unwrap(), 18);
    let before = files(folder.path());
    let (images, split) = two_halves();
    for epochs in [1, 2, 3] {
        let fewer = tempfile::tempdir().unwrap();
        train(fewer.path(), epochs, ALL);
        let run = RunConfig { epochs, ..config() };
        let mut seen = Vec::new();
        let ended = run.train(&images, &split, folder.path(), |measurement| {
            seen.push(*measurement);
            ControlFlow::Continue(())
        });
        assert_eq!(ended.unwrap(), Ended::Complete);
        assert_eq!(seen, read_metrics(fewer.path()).unwrap());
        let trained = |folder: &Path| run.trained(&images, folder).unwrap();
        assert_eq!(trained(folder.path()), trained(fewer.path()));
        // What is seen of the fewer epochs is a beginning of what is seen of all.
        let [all, few] = [folder.path(), fewer.path()].map(|run| read_distributions(run).unwrap());
        assert!(all.starts_with(&few) && all.len() > few.len());
        assert_eq!(files(folder.path()), before);
    }
}

#[test]
fn weights_that_were_removed_are_made_again_from_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), 3, ALL);
    let expected = files(folder.path());
    for epochs in [1, 3] {
        let name = format!("weights/epoch={epochs}.safetensors");
        fs::remove_file(folder.path().join(name)).unwrap();
        assert_eq!(train(folder.path(), epochs, ALL), Ended::Complete);
        assert_eq!(files(folder.path()), expected);
    }
}
