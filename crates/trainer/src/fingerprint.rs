//! One SHA-256 of all that a training gives, for telling whether two of them agree to the bit.

use kernels::Real;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

use crate::error::WeightsError;
use crate::log::DistributionRow;
use crate::network::Network;
use crate::{Measurement, Phase, tensor};

/// SHA-256 over what is added, in the order in which it is added.
///
/// Integers are eight bytes and floating-point numbers their own type's, all little-endian; a text
/// and a list of lengths follow their own number. So 0 and −0 differ, and no two states share their
/// bytes.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Adds what was measured: step, epoch, phase, loss, accuracy and count.
    pub fn add_measurement(&mut self, measurement: &Measurement) {
        let &Measurement { step, epoch, phase, loss, accuracy, count } = measurement;
        self.add_integer(step);
        self.add_integer(epoch);
        self.add_text(match phase {
            Phase::Training => "train",
            Phase::Validation => "val",
        });
        self.0.update(loss.to_le_bytes());
        self.0.update(accuracy.to_le_bytes());
        self.add_integer(count as u64);
    }

    /// Adds parameters and running statistics of a network: of each array its name, its type
    /// (`F32`, `F64`), its shape, and its values in logical order.
    pub fn add_network<F: Real>(&mut self, network: &Network<F>) {
        for (name, array) in network.state() {
            self.add_text(&name);
            self.add_text(&tensor::dtype::<F>().to_string());
            self.add_integer(array.ndim() as u64);
            for &length in array.shape() {
                self.add_integer(length as u64);
            }
            self.0.update(tensor::to_bytes(array));
        }
    }

    /// Adds what was observed of a layer: step, epoch, layer, quantity, and the percentiles from the
    /// smallest value to the largest.
    pub fn add_distribution(&mut self, row: &DistributionRow) {
        let &DistributionRow { step, epoch, min, p15, p25, p50, p75, p85, max, .. } = row;
        self.add_integer(step);
        self.add_integer(epoch);
        self.add_text(&row.layer);
        self.add_text(row.quantity.name());
        for value in [min, p15, p25, p50, p75, p85, max] {
            self.0.update(value.to_le_bytes());
        }
    }

    /// Adds the tensors of a safetensors file, in the order of their names: of each its name, its type,
    /// its shape, and its values in logical order.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Format`] for other bytes.
    pub fn add_weights(&mut self, file: &[u8]) -> Result<(), WeightsError> {
        let file = SafeTensors::deserialize(file).map_err(WeightsError::Format)?;
        let mut tensors: Vec<_> = file.iter().collect();
        tensors.sort_by_key(|(name, _)| *name);
        self.add_integer(tensors.len() as u64);
        for (name, tensor) in tensors {
            self.add_text(name);
            self.add_text(&tensor.dtype().to_string());
            self.add_integer(tensor.shape().len() as u64);
            tensor.shape().iter().for_each(|&length| self.add_integer(length as u64));
            self.0.update(tensor.data());
        }
        Ok(())
    }

    /// The SHA-256 in lower-case hexadecimal.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }

    /// Adds a text, after its number of bytes.
    pub fn add_text(&mut self, text: &str) {
        self.add_integer(text.len() as u64);
        self.0.update(text);
    }

    fn add_integer(&mut self, integer: u64) {
        self.0.update(integer.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use safetensors::tensor::{Dtype, TensorView};

    use super::*;
    use crate::dataset::ImageSize;
    use crate::network::{ObservedQuantity, preset};

    const MEASUREMENT: Measurement = Measurement {
        step: 3,
        epoch: 0,
        phase: Phase::Validation,
        loss: 0.0,
        accuracy: 0.5,
        count: 258,
    };

    fn of_measurement(measurement: Measurement) -> String {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add_measurement(&measurement);
        fingerprint.finish()
    }

    fn of_network<F: Real>(network: &Network<F>) -> String {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add_network(network);
        fingerprint.finish()
    }

    #[test]
    fn a_measurement_is_these_bytes() {
        let bytes = [
            b"\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0val".as_slice(),
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xe0\x3f\x02\x01\0\0\0\0\0\0",
        ]
        .concat();
        assert_eq!(of_measurement(MEASUREMENT), hex::encode(Sha256::digest(bytes)));
    }

    #[test]
    fn every_field_of_a_measurement_counts() {
        let other = [
            MEASUREMENT,
            Measurement { step: 4, ..MEASUREMENT },
            Measurement { epoch: 1, ..MEASUREMENT },
            Measurement { phase: Phase::Training, ..MEASUREMENT },
            Measurement { loss: -0.0, ..MEASUREMENT },
            Measurement { accuracy: 0.5_f64.next_up(), ..MEASUREMENT },
            Measurement { count: 259, ..MEASUREMENT },
        ];
        assert_eq!(other.map(of_measurement).into_iter().collect::<BTreeSet<_>>().len(), 7);
    }

    #[test]
    fn every_value_of_a_network_and_its_type_count() {
        let size = ImageSize { channels: 1, height: 4, width: 5 };
        let build = || preset::SPATIAL_BATCH_NORM_NETWORK.config.build::<f32>(size, 3, 0).unwrap();
        let network = build();
        let mut found = BTreeSet::from([of_network(&network)]);
        assert!(!found.insert(of_network(&build())));
        let double = preset::SPATIAL_BATCH_NORM_NETWORK.config.build::<f64>(size, 3, 0).unwrap();
        assert!(found.insert(of_network(&double)));
        let arrays = network.state().len();
        for index in 0..arrays {
            let mut changed = build();
            let last = changed.state_mut().swap_remove(index).1.into_iter().last().unwrap();
            *last = f32::from_bits(last.to_bits() ^ 1);
            assert!(found.insert(of_network(&changed)), "array {index}");
        }
        assert_eq!(found.len(), 2 + arrays);
    }

    #[test]
    fn every_field_of_a_distribution_counts() {
        let row = DistributionRow {
            step: 3,
            epoch: 0,
            layer: "model.0".to_owned(),
            quantity: ObservedQuantity::Gamma,
            min: 0.0,
            p15: 1.0,
            p25: 2.0,
            p50: 3.0,
            p75: 4.0,
            p85: 5.0,
            max: 6.0,
        };
        let changes: [fn(&mut DistributionRow); 11] = [
            |row| row.step = 4,
            |row| row.epoch = 1,
            |row| row.layer.push('1'),
            |row| row.quantity = ObservedQuantity::Beta,
            |row| row.min = -0.0,
            |row| row.p15 = 1.5,
            |row| row.p25 = 2.5,
            |row| row.p50 = 3.5,
            |row| row.p75 = 4.5,
            |row| row.p85 = 5.5,
            |row| row.max = 6.5,
        ];
        let of = |row: &DistributionRow| {
            let mut fingerprint = Fingerprint::default();
            fingerprint.add_distribution(row);
            fingerprint.finish()
        };
        let mut found = BTreeSet::from([of(&row)]);
        for change in changes {
            let mut changed = row.clone();
            change(&mut changed);
            found.insert(of(&changed));
        }
        assert_eq!(found.len(), 1 + changes.len());
    }

    #[test]
    fn every_value_name_and_shape_of_weights_count_and_the_order_in_the_file_does_not() {
        let file = |tensors: &[(&str, &[usize], [f32; 2])]| {
            let bytes: Vec<Vec<u8>> = tensors
                .iter()
                .map(|(.., values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
                .collect();
            let views = tensors.iter().zip(&bytes).map(|(&(name, shape, _), bytes)| {
                (name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
            });
            safetensors::serialize(views, None).unwrap()
        };
        let of = |bytes: &[u8]| {
            let mut fingerprint = Fingerprint::default();
            fingerprint.add_weights(bytes).map(|()| fingerprint.finish())
        };
        let (a, b): ((_, &[usize], _), (_, &[usize], _)) =
            (("a", &[2], [1.0, 2.0]), ("b", &[2], [3.0, 4.0]));
        let whole = of(&file(&[a, b])).unwrap();
        assert_eq!(of(&file(&[b, a])).unwrap(), whole);
        let others = [
            file(&[a]),
            file(&[a, ("c", a.1, [3.0, 4.0])]),
            file(&[a, ("b", &[1, 2], [3.0, 4.0])]),
            file(&[a, ("b", a.1, [3.0, f32::from_bits(4.0_f32.to_bits() + 1)])]),
        ];
        assert!(others.iter().all(|other| of(other).unwrap() != whole));
        assert!(of(b"no tensors").is_err());
    }

    #[test]
    fn order_and_ends_count() {
        let other = Measurement { step: 4, ..MEASUREMENT };
        let [mut forwards, mut backwards] = [Fingerprint::default(), Fingerprint::default()];
        [MEASUREMENT, other].iter().for_each(|measurement| forwards.add_measurement(measurement));
        [other, MEASUREMENT].iter().for_each(|measurement| backwards.add_measurement(measurement));
        assert_ne!(forwards.finish(), backwards.finish());
        let [mut early, mut late] = [Fingerprint::default(), Fingerprint::default()];
        ["ab", "c"].iter().for_each(|text| early.add_text(text));
        ["a", "bc"].iter().for_each(|text| late.add_text(text));
        assert_ne!(early.finish(), late.finish());
    }
}
