//! One SHA-256 of all that a training gives, for telling whether two of them agree to the bit.

use kernels::Real;
use sha2::{Digest, Sha256};

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

    use super::*;
    use crate::dataset::ImageSize;
    use crate::network::preset;

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
