//! Event files for TensorBoard.

use std::mem;

use super::histogram::Histogram;
use super::hparams_yaml::Hparam;
use super::margin_chart::{self, MarginChart};
use super::protobuf::Message;
use super::record;

/// `DataType` of `tensorboard/compat/proto/types.proto`: 32-bit floats.
const DT_FLOAT: u64 = 1;

/// As [`DT_FLOAT`]: bytes.
const DT_STRING: u64 = 7;

/// An [event file], which TensorBoard draws, as bytes for the caller to write.
///
/// The file is a row of records, each an `Event` of TensorFlow's: the file's version in the first,
/// then numbers and histograms with their step. So a file may be made in parts, and a run that goes
/// on appends to what it has; cut between two parts, it is a whole file.
///
/// Each event bears a time, in seconds since 1970. Here it is the step, not the clock: the same
/// configuration gives the same bytes. TensorBoard's axis *Relative* then counts steps as seconds,
/// and *Wall* starts in 1970.
///
/// ```
/// use trainer::log::EventFile;
///
/// let mut file = EventFile::begin();
/// file.scalars(0, &[("train/loss", 2.3)]);
/// let mut bytes = file.take();
/// // Later, perhaps in another process:
/// let mut file = EventFile::go_on();
/// file.scalars(1, &[("train/loss", 2.2)]);
/// bytes.extend(file.take());
///
/// let mut whole = EventFile::begin();
/// whole.scalars(0, &[("train/loss", 2.3)]);
/// whole.scalars(1, &[("train/loss", 2.2)]);
/// assert_eq!(bytes, whole.take());
/// ```
///
/// [event file]: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto
#[derive(Debug)]
pub struct EventFile {
    bytes: Vec<u8>,
}

impl EventFile {
    /// The file's name. TensorBoard reads every file of a folder whose name has `tfevents` in it;
    /// other writers add time, host and process, which would differ between two runs of the same
    /// configuration.
    pub const FILE_NAME: &str = "events.out.tfevents.run";

    /// A new file.
    pub fn begin() -> Self {
        let mut file = Self::go_on();
        file.event(0, |event| event.string(3, "brain.Event:2"));
        file
    }

    /// A new file of a run with these parameters, which the page *HParams* shows beside the last value
    /// of each number. Nothing has to be written at the run's end, and no list of all parameters and
    /// metrics: TensorBoard makes that list of the runs that it finds. Where one is written
    /// (`_hparams_/experiment`), it shows nothing else, and of several it takes any.
    ///
    /// Source: `tensorboard/plugins/hparams/plugin_data.proto` and `metadata.py` in
    /// <https://github.com/tensorflow/tensorboard>.
    pub fn of_run(parameters: &[(&str, Hparam<'_>)]) -> Self {
        let mut file = Self::begin();
        file.parameters(parameters);
        file
    }

    fn parameters(&mut self, parameters: &[(&str, Hparam<'_>)]) {
        let named = |info: Message, &(name, value): &(&str, Hparam<'_>)| {
            let value = match value {
                Hparam::Integer(value) => Message::default().double_of_one(2, value as f64),
                Hparam::Float(value) => Message::default().double_of_one(2, value),
                Hparam::Bool(value) => Message::default().bool_of_one(4, value),
                Hparam::Text(value) => Message::default().string_of_one(3, value),
            };
            info.message(1, Message::default().string(1, name).message(2, value))
        };
        let info = parameters.iter().fold(Message::default(), named);
        let plugin =
            Message::default().string(1, "hparams").message(2, Message::default().message(3, info));
        // TensorBoard wants a tensor, and its reader a dimension: `NULL_TENSOR`.
        let shape = Message::default().message(2, Message::default());
        let nothing = Message::default().int64(1, DT_FLOAT).message(2, shape);
        self.tensor("_hparams_/session_start_info", nothing, plugin);
    }

    /// Adds charts to the page *Custom Scalars*, in a category with this title. TensorBoard merges the
    /// categories of the same title that it finds in the runs, and shows equal charts once.
    ///
    /// Source: `tensorboard/plugins/custom_scalar/summary.py` and `custom_scalars_plugin.py` in
    /// <https://github.com/tensorflow/tensorboard>.
    pub fn margin_charts(&mut self, category: &str, charts: &[MarginChart<'_>]) {
        let layout = margin_chart::layout(category, charts);
        let scalar = Message::default();
        let text = Message::default().int64(1, DT_STRING).message(2, scalar).message(8, layout);
        let plugin = Message::default().string(1, "custom_scalars");
        self.tensor("custom_scalars__config__", text, plugin);
    }

    /// Adds a tensor for a plugin of TensorBoard, at step 0.
    fn tensor(&mut self, tag: &str, tensor: Message, plugin: Message) {
        let value = Message::default()
            .string(1, tag)
            .message(8, tensor)
            .message(9, Message::default().message(1, plugin));
        self.event(0, |event| event.message(5, Message::default().message(1, value)));
    }

    /// What is to be appended to a file that was begun.
    pub fn go_on() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Adds numbers of one step, each with its tag; slashes in tags make groups. A number is
    /// rounded to the nearest `f32`, as the format has it: what is too large becomes infinite.
    pub fn scalars(&mut self, step: u64, values: &[(&str, f64)]) {
        let summary = values.iter().fold(Message::default(), |summary, &(tag, value)| {
            let value = Message::default().string(1, tag).float_of_one(2, rounded(value));
            summary.message(1, value)
        });
        self.event(step, |event| event.message(5, summary));
    }

    /// Adds how often values occur at one step: 30 bins of equal width between the smallest and the
    /// largest, with smallest, largest, count, sum and sum of squares. Infinite and NaN values are
    /// left out of all of these; without finite values the histogram has no bins.
    pub fn histogram(&mut self, step: u64, tag: &str, values: impl Iterator<Item = f64> + Clone) {
        let histogram = Histogram::new(values).encode();
        let value = Message::default().string(1, tag).message(5, histogram);
        self.event(step, |event| event.message(5, Message::default().message(1, value)));
    }

    /// The bytes since the start or the last call, to be appended to the file.
    pub fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    fn event(&mut self, step: u64, what: impl FnOnce(Message) -> Message) {
        let time = step as f64;
        let event = what(Message::default().double(1, time).int64(2, step));
        record::append(&mut self.bytes, &event.into_bytes());
    }
}

/// To `f32`, with every NaN the same one: Rust leaves open which bits a conversion gives it.
fn rounded(value: f64) -> f32 {
    if value.is_nan() { f32::from_bits(0x7fc0_0000) } else { value as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn part(write: impl FnOnce(&mut EventFile)) -> String {
        let mut file = EventFile::go_on();
        write(&mut file);
        hex(&file.take())
    }

    /// Byte by byte from the two formats, the checksums from TensorBoard's `masked_crc32c`.
    #[test]
    fn a_scalar_is_these_bytes_on_paper() {
        let mut file = EventFile::go_on();
        file.scalars(2, &[("a/b", 1.5)]);
        let payload = [
            [0x09, 0, 0, 0, 0, 0, 0, 0, 0x40].as_slice(), // wall_time, field 1: 2.0
            &[0x10, 2],                                   // step, field 2
            &[0x2a, 12],                                  // summary, field 5: 12 bytes
            &[0x0a, 10],                                  // value, field 1: 10 bytes
            &[0x0a, 3, b'a', b'/', b'b'],                 // tag, field 1: 3 bytes
            &[0x15, 0, 0, 0xc0, 0x3f],                    // simple_value, field 2: 1.5
        ]
        .concat();
        let expected = [
            [25, 0, 0, 0, 0, 0, 0, 0].as_slice(),
            &[0x8b, 0xf1, 0x08, 0x28],
            &payload,
            &[0xf2, 0x64, 0x3b, 0xca],
        ]
        .concat();
        assert_eq!(file.take(), expected);
    }

    /// The bytes come from TensorBoard 2.21, protobuf 7.36 and NumPy 2.4:
    ///
    /// ```python
    /// import io, numpy
    /// from tensorboard.compat.proto.event_pb2 import Event
    /// from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
    /// from tensorboard.summary.writer.record_writer import RecordWriter
    ///
    /// Value = Summary.Value
    /// counts, edges = numpy.histogram([-1, 0, 0.25, 2], bins=30)
    /// histo = HistogramProto(min=-1, max=2, num=4, sum=1.25, sum_squares=5.0625,
    ///                        bucket_limit=edges[1:], bucket=counts)
    /// for time, values in [
    ///     (0, [Value(tag="epoch", simple_value=0)]),
    ///     (959, [Value(tag="val/loss", simple_value=0.1), Value(tag="val/acc", simple_value=0.75)]),
    ///     (2**32, [Value(tag="", simple_value=float("inf"))]),
    ///     (1, [Value(tag="h", histo=HistogramProto())]),
    ///     (300, [Value(tag="γ", histo=histo)]),
    /// ]:
    ///     file = io.BytesIO()
    ///     event = Event(wall_time=time, step=time, summary=Summary(value=values))
    ///     RecordWriter(file).write(event.SerializeToString())
    ///     print(file.getvalue().hex())
    /// ```
    ///
    /// and the first from `Event(file_version="brain.Event:2")` in the same way. The parameters are those
    /// of
    ///
    /// ```python
    /// from tensorboard.plugins.hparams import metadata, plugin_data_pb2
    ///
    /// info = plugin_data_pb2.SessionStartInfo()
    /// info.hparams["network"].string_value = "conv-16_relu"
    /// info.hparams["weights_seed"].number_value = 0
    /// content = plugin_data_pb2.HParamsPluginData(session_start_info=info)
    /// Value(tag=metadata.SESSION_START_INFO_TAG, tensor=metadata.NULL_TENSOR,
    ///       metadata=metadata.create_summary_metadata(content))
    /// ```
    ///
    /// at step 0, with the map in the order in which protobuf wrote it. The charts are those of
    ///
    /// ```python
    /// from tensorboard.plugins.custom_scalar import layout_pb2, metadata
    /// from tensorboard.util.tensor_util import make_tensor_proto
    ///
    /// def chart(title, *tags):
    ///     series = dict(zip(("value", "lower", "upper"), tags))
    ///     return layout_pb2.Chart(title=title, margin={"series": [series]})
    ///
    /// charts = [chart("one", "a", "a/l", "a/u"), chart("two", "b", "b/l", "b/u")]
    /// layout = layout_pb2.Layout(category=[layout_pb2.Category(title="c", chart=charts)])
    /// Value(tag=metadata.CONFIG_SUMMARY_TAG, tensor=make_tensor_proto(layout.SerializeToString()),
    ///       metadata=metadata.create_summary_metadata())
    /// ```
    #[test]
    fn records_are_those_of_tensorboards_own_writer() {
        assert_eq!(
            hex(&EventFile::begin().take()),
            "0f000000000000006d532b091a0d627261696e2e4576656e743a32fc985129"
        );
        assert_eq!(
            part(|file| file.scalars(0, &[("epoch", 0.0)])),
            "100000000000000095fbfe182a0e0a0c0a0565706f63681500000000c1baff4f"
        );
        assert_eq!(
            part(|file| file.scalars(959, &[("val/loss", 0.1), ("val/acc", 0.75)])),
            "2f000000000000006d5d1d50090000000000f88d4010bf072a210a0f0a0876616c2f6c6f737315cdcccc3d\
             0a0e0a0776616c2f616363150000403faaf8b917"
        );
        assert_eq!(
            part(|file| file.scalars(1 << 32, &[("", 1e39)])),
            "1800000000000000a37f4b2209000000000000f0411080808080102a070a05150000807f86b02ee8"
        );
        let parameters =
            [("weights_seed", Hparam::Integer(0)), ("network", Hparam::Text("conv-16_relu"))];
        assert_eq!(part(|file| file.parameters(&parameters)), PARAMETERS);
        let chart = |title, value, lower, upper| MarginChart { title, value, lower, upper };
        let charts = [chart("one", "a", "a/l", "a/u"), chart("two", "b", "b/l", "b/u")];
        assert_eq!(part(|file| file.margin_charts("c", &charts)), CHARTS);
        assert_eq!(
            part(|file| file.histogram(1, "h", [].into_iter())),
            "14000000000000005e3d291509000000000000f03f10012a070a050a01682a006e56c25f"
        );
        assert_eq!(
            part(|file| file.histogram(300, "γ", [-1.0, 0.0, 0.25, 2.0].into_iter())),
            HISTOGRAM
        );
    }

    #[test]
    fn there_is_one_nan() {
        let nan = |bits| part(|file| file.scalars(1, &[("a", f64::from_bits(bits))]));
        assert_eq!(nan(0x7ff8_0000_0000_0000), nan(0xfff0_0000_0000_0001));
        assert!(nan(0xfff8_dead_beef_0000).contains("150000c07f"));
    }

    const PARAMETERS: &str = "\
        71000000000000009c97e7732a6f0a6d0a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e\
        666f42060801120212004a450a430a0768706172616d7312381a360a190a0c776569676874735f7365656412\
        091100000000000000000a190a076e6574776f726b120e1a0c636f6e762d31365f72656c757206f4c4";

    const CHARTS: &str = "\
        6f000000000000006c3181de2a6d0a6b0a18637573746f6d5f7363616c6172735f5f636f6e6669675f5f423b\
        08071200423512330a016312160a036f6e651a0f0a0d0a01611203612f6c1a03612f7512160a0374776f1a0f\
        0a0d0a01621203622f6c1a03622f754a120a100a0e637573746f6d5f7363616c617273249353d0";

    const HISTOGRAM: &str = "\
        2c02000000000000e84eebb2090000000000c0724010ac022a9d040a9a040a02ceb32a930409000000000000\
        f0bf11000000000000004019000000000000104021000000000000f43f29000000000040144032f001cdcccc\
        ccccccecbf9a9999999999e9bf666666666666e6bf333333333333e3bf000000000000e0bf989999999999d9\
        bf323333333333d3bf989999999999c9bf989999999999b9bf0000000000000000a09999999999b93fa09999\
        999999c93f343333333333d33f9c9999999999d93f000000000000e03f343333333333e33f686666666666e6\
        3f9a9999999999e93fceccccccccccec3f000000000000f03f9a9999999999f13f343333333333f33fcecccc\
        ccccccf43f686666666666f63f000000000000f83f9a9999999999f93f343333333333fb3fceccccccccccfc\
        3f686666666666fe3f00000000000000403af001000000000000f03f00000000000000000000000000000000\
        0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
        000000000000000000000000000000000000f03f0000000000000000000000000000f03f0000000000000000\
        0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
        0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
        0000000000000000000000000000000000000000000000000000000000000000000000000000f03f0acdf6dc";
}
