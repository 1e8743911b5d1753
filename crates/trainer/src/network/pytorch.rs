//! Networks as a Python module with a class of PyTorch for each, which their weights load into.

use kernels::Real;
use thousands::Separable;

use super::config::NetworkConfig;
use super::named_layers::Network;
use crate::TrainError;
use crate::dataset::ImageSize;

/// The text of a Python module that needs torch and safetensors: for each of these networks, once, a
/// class whose state dict has the tensors of [`crate::weights::save`], and which evaluates as the
/// network does.
///
/// # Errors
///
/// Those of [`NetworkConfig::build`].
///
/// # Example
///
/// ```
/// use trainer::dataset::FASHION_MNIST_IMAGE;
/// use trainer::network::{preset, pytorch};
///
/// let text = pytorch::module(&[&preset::SIMPLE_NETWORK.config], FASHION_MNIST_IMAGE, 10)?;
/// assert!(text.contains("class SimpleNetwork(nn.Module):"));
/// # Ok::<(), trainer::TrainError>(())
/// ```
pub fn module(
    networks: &[&NetworkConfig],
    image: ImageSize,
    classes: usize,
) -> Result<String, TrainError> {
    let mut built: Vec<(&NetworkConfig, Network<f32>)> = Vec::new();
    for &config in networks {
        if built.iter().all(|(other, _)| *other != config) {
            built.push((config, config.outline(image, classes)?));
        }
    }
    let ImageSize { channels, height, width } = image;
    let images = format!("(N, {channels}, {height}, {width})");
    let mut definitions: Vec<&str> = Vec::new();
    for named in built.iter().flat_map(|(_, network)| &network.layers) {
        let own = named.layer.pytorch_class();
        definitions.extend(own.filter(|text| !definitions.contains(text)));
    }
    let mut text = introduction(&built, &images, classes);
    text.push_str(if definitions.is_empty() { "" } else { "import torch\n" });
    text.push_str("from torch import nn\n");
    for definition in definitions {
        text.extend(["\n\n", definition]);
    }
    for (config, network) in &built {
        let parameters: usize = network.parameters().iter().map(|(_, array)| array.len()).sum();
        let summary =
            format!("{}: {} parameters.", config.parts(), parameters.separate_with_commas());
        text.extend(["\n\n", &class(&class_name(config), &summary, network)]);
    }
    Ok(text)
}

/// The docstring of the module.
fn introduction(built: &[(&NetworkConfig, Network<f32>)], images: &str, classes: usize) -> String {
    let example = built.first().map_or_else(String::new, |(config, _)| class_name(config));
    let mut text = format!(
        r#""""The networks of a study as PyTorch modules, written together with its report.

Needs torch and safetensors. A cell of the study has its network after each epoch in
`weights/epoch=N.safetensors`. To load one:

    from networks import {example}
    from safetensors.torch import load_file

    network = {example}()
    network.load_state_dict(load_file("weights/epoch=1.safetensors"))
    network.eval()

`network(images)` then gives the logits (N, {classes}) of float32 images {images}, whose pixels are
divided by 255.
"#
    );
    if built.iter().any(|(_, network)| network.norms().any(|(_, norm)| norm.counts_batches)) {
        text.push_str(
            r#"
`eval()` is what makes a batch norm use the running statistics of the file, whose variances are
unbiased, as PyTorch's are. The file's `num_batches_tracked` counts the training batches. Loading asks
for it, and evaluation does not use it.
"#,
        );
    }
    text.push_str("\"\"\"\n\n");
    text
}

/// The class of a network: its children in order, of which one whose layers are numbered is a stack.
fn class<F: Real>(name: &str, summary: &str, network: &Network<F>) -> String {
    let mut text = format!("class {name}(nn.Module):\n    \"\"\"{summary}\"\"\"\n\n");
    text.push_str("    def __init__(self):\n        super().__init__()\n");
    let mut forward = "images".to_owned();
    let children = network.layers.chunk_by(|one, other| child(&one.name) == child(&other.name));
    for layers in children {
        let [first, ..] = layers else { continue };
        let own = child(&first.name);
        if own == first.name {
            text.push_str(&format!("        self.{own} = {}\n", first.layer.pytorch()));
        } else {
            text.push_str(&format!("        self.{own} = nn.Sequential(\n"));
            for named in layers {
                text.push_str(&format!("            {},\n", named.layer.pytorch()));
            }
            text.push_str("        )\n");
        }
        forward = format!("self.{own}({forward})");
    }
    text.push_str(&format!("\n    def forward(self, images):\n        return {forward}\n"));
    text
}

/// The child of the network that a layer of this name belongs to.
fn child(layer: &str) -> &str {
    layer.split('.').next().unwrap_or(layer)
}

/// The preset's name, else one made of the parts: `Conv16_32BatchNormRelu` of
/// `conv-16-32_batch-norm_relu`. Networks that differ have different names.
fn class_name(config: &NetworkConfig) -> String {
    if let Some(preset) = config.preset() {
        return preset.name.to_owned();
    }
    let mut name = String::new();
    for word in config.parts().split(['-', '_']) {
        let mut letters = word.chars();
        // Two numbers in a row stay two.
        if word.starts_with(|first: char| first.is_ascii_digit())
            && name.ends_with(|last: char| last.is_ascii_digit())
        {
            name.push('_');
        }
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.extend(letters.map(|letter| if letter == '.' { '_' } else { letter }));
    }
    name
}
