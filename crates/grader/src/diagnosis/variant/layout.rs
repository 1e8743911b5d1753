//! Images as rows and back, rightly and otherwise.

use ndarray::{Array, Array4, ArrayD, ArrayView4, Axis, Ix4, IxDyn};

use crate::diagnosis::choices::{FromRows, Group, IntoRows};
use crate::submission::Failure;
use crate::tensor::Tensor;

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
/// None in practice: as many elements leave as came.
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

/// A matrix of this many rows, read by columns.
fn transposed(matrix: &[f64], rows: usize) -> Vec<f64> {
    let columns = matrix.len() / rows.max(1);
    (0..matrix.len()).map(|at| matrix[(at % rows) * columns + at / rows]).collect()
}

/// Which group each element of rows belongs to, and how many groups there are.
pub(crate) fn groups(group: Group, shape: Shape) -> (Vec<usize>, usize) {
    let [n, c, h, w] = shape;
    let count = match group {
        Group::Channel => c,
        Group::Position => c * h * w,
        Group::Instance => n * c,
        Group::Image => n,
        Group::All => 1,
        Group::Column => c * w,
        Group::Row => c * h,
        Group::Pixel => h * w,
    };
    let labels = (0..n * c * h * w).map(|at| {
        let channel = at % c;
        let pixel = at / c;
        let (column, row, image) = (pixel % w, pixel / w % h, pixel / (w * h));
        match group {
            Group::Channel => channel,
            Group::Position => (row * w + column) * c + channel,
            Group::Instance => image * c + channel,
            Group::Image => image,
            Group::All => 0,
            Group::Column => column * c + channel,
            Group::Row => row * c + channel,
            Group::Pixel => row * w + column,
        }
    });
    (labels.collect(), count)
}

/// An array of 2 or 4 axes as images; rows are images of one pixel.
///
/// # Errors
///
/// For any other number of axes.
pub(crate) fn images(array: ArrayD<f64>) -> Result<Array4<f64>, Failure> {
    let array =
        if array.ndim() == 2 { array.insert_axis(Axis(2)).insert_axis(Axis(3)) } else { array };
    array.into_dimensionality::<Ix4>().map_err(|error| Failure::Refused(error.to_string()))
}

/// Images of one pixel as rows again, if that is what was given.
pub(crate) fn like(given: &Tensor, images: ArrayD<f64>) -> ArrayD<f64> {
    let is_row = given.shape().len() == 2 && images.ndim() == 4;
    if is_row { images.remove_axis(Axis(3)).remove_axis(Axis(2)) } else { images }
}
