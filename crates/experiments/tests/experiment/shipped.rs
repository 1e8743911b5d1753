//! The studies that come with the workspace, each as a quick look at the built-in data set.

use std::fs;

use super::{experiment, places};

/// The numbers are those that the hashes and the accuracy table hold; here it is seen that each study trains,
/// and what its report says of it.
#[test]
#[ignore = "trains over seventy networks; .ci/run asks for it"]
fn every_shipped_study_has_a_report_of_a_quick_look() {
    let folder = tempfile::tempdir().unwrap();
    for study in study::shipped::SHIPPED {
        let [out, _] = places(study.name);
        // Studies find what others trained.
        let words = [study.name, "--quick", "--dataset=synthetic", &out, "--cells=cells"];
        let output = experiment(folder.path(), &words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", study.name);
        let report = fs::read_to_string(folder.path().join(study.name).join("README.md")).unwrap();
        insta::assert_snapshot!(format!("shipped_{}", study.name), report);
    }
}
