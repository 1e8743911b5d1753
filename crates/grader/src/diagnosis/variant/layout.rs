//! Images as rows and back, and results in the shapes and types that the choices say.

use ndarray::{Array, Array1, Array4, ArrayD, ArrayView4, Axis, Ix4, IxDyn};

use crate::diagnosis::choices::{FromRows, IntoRows, ResultType, StatisticsPer};
use crate::submission::{Failure, Script};
use crate::tensor::{Dtype, Tensor};

/// The lengths of (N, C, H, W).
pub(crate) type Shape = [usize; 4];

/// The elements of the rows, in order.
pub(crate) fn into_rows(images: ArrayView4<'_, f64>, way: IntoRows) -> Vec<f64> {
    match way {
        IntoRows::Transposed(axes) => images.permuted_axes(axes).iter().copied().collect(),
        IntoRows::ChannelsFirst => {
            let channels = images.shape()[1];
            let flat: Vec<f64> = images.iter().copied().collect();
            transposed(&flat, channels)
        }
    }
}

/// Rows as the array that a forward or backward pass returns.
///
/// # Errors
///
/// None in practice, since the array has as many elements as the rows.
pub(crate) fn from_rows(
    rows: Vec<f64>,
    shape: Shape,
    way: FromRows,
) -> Result<ArrayD<f64>, Failure> {
    let misfit = |error: ndarray::ShapeError| Failure::Refused(error.to_string());
    let channels = shape[1];
    Ok(match way {
        FromRows::Transposed(axes, back) => {
            let lengths = axes.map(|axis| shape[axis]);
            let pixels = Array::from_shape_vec(lengths, rows).map_err(misfit)?;
            pixels.permuted_axes(back).into_dyn()
        }
        FromRows::ChannelsFirst => {
            let count = rows.len() / channels;
            Array4::from_shape_vec(shape, transposed(&rows, count)).map_err(misfit)?.into_dyn()
        }
        FromRows::Rows => {
            let lengths = IxDyn(&[rows.len() / channels, channels]);
            ArrayD::from_shape_vec(lengths, rows).map_err(misfit)?
        }
    })
}

/// The elements of a matrix of so many rows, read by columns.
fn transposed(matrix: &[f64], rows: usize) -> Vec<f64> {
    let columns = matrix.len() / rows.max(1);
    (0..matrix.len()).map(|at| matrix[(at % rows) * columns + at / rows]).collect()
}

/// For each element of the right rows the index of its statistics, and how many statistics there
/// are.
pub(crate) fn labels(per: StatisticsPer, shape: Shape) -> (Vec<usize>, usize) {
    let [n, c, h, w] = shape;
    let count = match per {
        StatisticsPer::Channel => c,
        StatisticsPer::ChannelAndPixel => c * h * w,
        StatisticsPer::ChannelAndImage => n * c,
        StatisticsPer::Image => n,
        StatisticsPer::Batch => 1,
        StatisticsPer::ChannelAndColumn => c * w,
        StatisticsPer::ChannelAndRow => c * h,
        StatisticsPer::Pixel => h * w,
    };
    let labels = (0..n * c * h * w).map(|at| {
        let channel = at % c;
        let pixel = at / c;
        let (column, row, image) = (pixel % w, pixel / w % h, pixel / (w * h));
        match per {
            StatisticsPer::Channel => channel,
            StatisticsPer::ChannelAndPixel => (row * w + column) * c + channel,
            StatisticsPer::ChannelAndImage => image * c + channel,
            StatisticsPer::Image => image,
            StatisticsPer::Batch => 0,
            StatisticsPer::ChannelAndColumn => column * c + channel,
            StatisticsPer::ChannelAndRow => row * c + channel,
            StatisticsPer::Pixel => row * w + column,
        }
    });
    (labels.collect(), count)
}

/// An array of 2 or 4 axes as images. The rows of a matrix become images of one pixel.
///
/// # Errors
///
/// If the array has another number of axes.
pub(crate) fn images(array: ArrayD<f64>) -> Result<Array4<f64>, Failure> {
    let array =
        if array.ndim() == 2 { array.insert_axis(Axis(2)).insert_axis(Axis(3)) } else { array };
    array.into_dimensionality::<Ix4>().map_err(|error| Failure::Refused(error.to_string()))
}

/// Images of one pixel as the rows of a matrix, if the caller gave a matrix.
pub(crate) fn like(given: &Tensor, images: ArrayD<f64>) -> ArrayD<f64> {
    let is_row = given.shape().len() == 2 && images.ndim() == 4;
    if is_row { images.remove_axis(Axis(3)).remove_axis(Axis(2)) } else { images }
}

/// Values in the type that a variant returns for this script.
pub(crate) fn typed(values: ArrayD<f64>, script: &Script, result: ResultType) -> Tensor {
    let is_single = match result {
        ResultType::AsGiven => script.dtype() == Dtype::Float32,
        ResultType::Double => false,
        ResultType::Single => true,
    };
    if is_single {
        Tensor::Float32(values.mapv(|value| value as f32))
    } else {
        Tensor::Float64(values)
    }
}

/// One value per channel.
pub(crate) fn vector(values: Vec<f64>) -> ArrayD<f64> {
    Array1::from_vec(values).into_dyn()
}

/// The images in reverse order.
pub(crate) fn reversed(mut images: ArrayD<f64>) -> ArrayD<f64> {
    images.invert_axis(Axis(0));
    images
}
