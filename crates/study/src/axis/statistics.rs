//! The axis of what batch norm normalises with in evaluation.

use trainer::evaluation::EvaluationStatistics;

use super::definition::Axis;

pub(super) static AXIS: Axis = Axis {
    key: "statistics",
    flag: None,
    value_name: "STATISTICS",
    help: "What batch norm normalises with in validation and test; it changes no training",
    is_of_network: false,
    choices: || EvaluationStatistics::ALL.map(|it| (it.name(), help(it))).to_vec(),
    set: |arm, text| {
        let mut all = EvaluationStatistics::ALL.into_iter();
        arm.run.statistics = all
            .find(|it| it.name() == text)
            .ok_or_else(|| EvaluationStatistics::ALL.map(EvaluationStatistics::name).join(", "))?;
        Ok(())
    },
    text: |arm| arm.run.statistics.name().to_owned(),
    label: |arm| match arm.run.statistics {
        EvaluationStatistics::Running => "running statistics".to_owned(),
        EvaluationStatistics::Population => "population statistics".to_owned(),
        EvaluationStatistics::Batch => "statistics of the batch".to_owned(),
    },
};

fn help(statistics: EvaluationStatistics) -> &'static str {
    match statistics {
        EvaluationStatistics::Running => "The running averages that training left",
        EvaluationStatistics::Population => {
            "Precise batch norm: the moments over all training images, in batches of the arm's size"
        }
        EvaluationStatistics::Batch => "The evaluated batch's own, of the arm's size",
    }
}
