use std::io;

use crate::Measurement;

const HEADER: [&str; 6] = ["step", "epoch", "split", "loss", "accuracy", "count"];

/// A run's measurements as CSV, a row each:
///
/// | column | meaning | direction |
/// |---|---|---|
/// | `step` | optimiser steps before this one, over all epochs; for validation the epoch's last | |
/// | `epoch` | epochs before this one | |
/// | `split` | `train` (in training, before the step) or `val` (in evaluation, after the epoch) | |
/// | `loss` | cross-entropy in nats, mean over `count` images | lower is better |
/// | `accuracy` | share of images whose largest logit is their class's | higher is better |
/// | `count` | images | |
///
/// Numbers are the shortest decimals that read back as the same `f64`.
#[derive(Debug)]
pub struct MetricsCsv<W: io::Write> {
    writer: csv::Writer<W>,
}

impl<W: io::Write> MetricsCsv<W> {
    /// A file with only its header.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn new(writer: W) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(HEADER)?;
        Ok(Self { writer })
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write(&mut self, measurement: &Measurement) -> io::Result<()> {
        self.writer.write_record([
            measurement.step.to_string(),
            measurement.epoch.to_string(),
            measurement.phase.split().to_owned(),
            measurement.loss.to_string(),
            measurement.accuracy.to_string(),
            measurement.count.to_string(),
        ])?;
        Ok(())
    }

    /// Hands all rows so far to the writer behind, as at the end of an epoch.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// The writer behind, with all rows.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn into_inner(self) -> io::Result<W> {
        self.writer.into_inner().map_err(|error| io::Error::from(error.error().kind()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Phase;

    #[test]
    fn rows_are_exact() {
        let mut log = MetricsCsv::new(Vec::new()).unwrap();
        let row = Measurement {
            step: 0,
            epoch: 0,
            phase: Phase::Training,
            loss: f64::from(1.1_f32),
            accuracy: 0.1 + 0.2,
            count: 50,
        };
        log.write(&row).unwrap();
        log.write(&Measurement { phase: Phase::Validation, step: 959, accuracy: 0.5, ..row })
            .unwrap();
        let text = String::from_utf8(log.into_inner().unwrap()).unwrap();
        assert_eq!(
            text,
            "step,epoch,split,loss,accuracy,count\n\
             0,0,train,1.100000023841858,0.30000000000000004,50\n\
             959,0,val,1.100000023841858,0.5,50\n"
        );
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let first = reader.records().next().unwrap().unwrap();
        assert_eq!(first[3].parse::<f64>().unwrap(), f64::from(1.1_f32));
    }
}
