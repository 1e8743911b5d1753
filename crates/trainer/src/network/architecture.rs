//! What a network is made of, layer by layer, for a table of it.

use ndarray::ArrayD;

use super::config::NetworkConfig;
use super::layer::Saved;
use super::memory::nothing;
use super::named_layers::NamedLayer;
use crate::TrainError;
use crate::dataset::ImageSize;

/// A layer of a network as a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRow {
    /// What precedes the dot in the names of its parameters, such as `model.0`.
    pub name: String,
    /// The Python that makes it in PyTorch, where `nn` is `torch.nn`: `nn.BatchNorm2d(16, eps=1e-5,
    /// momentum=0.1)`.
    pub pytorch: String,
    /// The shape of its output for one image: `[C, H, W]` or `[D]`.
    pub output: Vec<usize>,
    /// The number of values in its parameters.
    pub parameters: usize,
}

impl NetworkConfig {
    /// The layers in order, for images of this size and so many classes.
    ///
    /// # Errors
    ///
    /// Those of [`Self::build`].
    ///
    /// # Example
    ///
    /// ```
    /// use trainer::dataset::FASHION_MNIST_IMAGE;
    /// use trainer::network::preset;
    ///
    /// let rows = preset::SIMPLE_NETWORK.config.architecture(FASHION_MNIST_IMAGE, 10)?;
    /// assert_eq!(rows[0].name, "model.0");
    /// assert_eq!(rows[0].pytorch, "nn.Conv2d(1, 16, kernel_size=3, padding=1)");
    /// assert_eq!((rows[0].output.as_slice(), rows[0].parameters), (&[16, 28, 28][..], 160));
    /// # Ok::<(), trainer::TrainError>(())
    /// ```
    pub fn architecture(
        &self,
        image: ImageSize,
        classes: usize,
    ) -> Result<Vec<LayerRow>, TrainError> {
        let network = self.outline(image, classes)?;
        let ImageSize { channels, height, width } = image;
        let mut x = ArrayD::<f32>::zeros(vec![1, channels, height, width]);
        let mut rows = Vec::new();
        for NamedLayer { name, layer, .. } in &network.layers {
            let mut out = nothing();
            layer.forward_eval(x.view(), &mut out, &mut Saved::default())?;
            let parameters = layer.arrays().weight_and_bias.into_iter().flatten();
            rows.push(LayerRow {
                name: name.clone(),
                pytorch: layer.pytorch(),
                output: out.shape()[1..].to_vec(),
                parameters: parameters.map(|array| array.len()).sum(),
            });
            x = out;
        }
        Ok(rows)
    }
}
