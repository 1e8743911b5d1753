//! Charts that draw a line within a band, on TensorBoard's page *Custom Scalars*.

use super::protobuf::Message;

/// A chart that draws, of each run that has all three tags, a line within a band. The three have
/// their points at the same steps.
#[derive(Debug, Clone, Copy)]
pub struct MarginChart<'a> {
    /// Its title.
    pub title: &'a str,
    /// The tag of the line.
    pub value: &'a str,
    /// The tag of the band's lower edge.
    pub lower: &'a str,
    /// The tag of the band's upper edge.
    pub upper: &'a str,
}

impl MarginChart<'_> {
    /// The `Chart` of `tensorboard/plugins/custom_scalar/layout.proto`. A run that has some tags of a
    /// chart but not all is reported as incomplete, so a chart has one series.
    fn encode(&self) -> Message {
        let series =
            Message::default().string(1, self.value).string(2, self.lower).string(3, self.upper);
        let margin = Message::default().message(1, series);
        Message::default().string(1, self.title).message(3, margin)
    }
}

/// The `Layout` with one category of charts.
pub(super) fn layout(category: &str, charts: &[MarginChart<'_>]) -> Message {
    let category = charts
        .iter()
        .fold(Message::default().string(1, category), |all, chart| all.message(2, chart.encode()));
    Message::default().message(2, category)
}
