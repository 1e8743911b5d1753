//! Arrays whose element type is only known at run time.

use std::fmt;

use kernels::Real;
use ndarray::{ArrayD, ArrayViewD, Axis};

/// The element types that fixtures use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// `f32`.
    Float32,
    /// `f64`.
    Float64,
    /// `i64`.
    Int64,
    /// `bool`.
    Bool,
}

impl Dtype {
    /// The bytes that one element takes in a file.
    pub fn size(self) -> usize {
        match self {
            Self::Float32 => 4,
            Self::Float64 | Self::Int64 => 8,
            Self::Bool => 1,
        }
    }

    /// Whether the type is of floating point.
    pub fn is_float(self) -> bool {
        match self {
            Self::Float32 | Self::Float64 => true,
            Self::Int64 | Self::Bool => false,
        }
    }

    /// NumPy's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Int64 => "int64",
            Self::Bool => "bool",
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// An array of any rank and of one of the [`Dtype`]s.
#[derive(Debug, Clone, PartialEq)]
pub enum Tensor {
    /// Single precision.
    Float32(ArrayD<f32>),
    /// Double precision.
    Float64(ArrayD<f64>),
    /// Labels and indices.
    Int64(ArrayD<i64>),
    /// Masks.
    Bool(ArrayD<bool>),
}

/// An expression of the array in a [`Tensor`], whatever its type.
macro_rules! with_array {
    ($tensor:expr, $array:ident => $value:expr) => {
        match $tensor {
            $crate::tensor::Tensor::Float32($array) => $value,
            $crate::tensor::Tensor::Float64($array) => $value,
            $crate::tensor::Tensor::Int64($array) => $value,
            $crate::tensor::Tensor::Bool($array) => $value,
        }
    };
}

pub(crate) use with_array;

impl Tensor {
    /// The element type.
    pub fn dtype(&self) -> Dtype {
        match self {
            Self::Float32(_) => Dtype::Float32,
            Self::Float64(_) => Dtype::Float64,
            Self::Int64(_) => Dtype::Int64,
            Self::Bool(_) => Dtype::Bool,
        }
    }

    /// The length of each axis.
    pub fn shape(&self) -> &[usize] {
        with_array!(self, array => array.shape())
    }

    /// Gives the array this shape, in logical order, if it has as many elements.
    pub(crate) fn reshape(&mut self, shape: &[usize]) {
        with_array!(self, array => {
            if let Ok(reshaped) = array.to_shape(shape) {
                *array = reshaped.into_owned();
            }
        });
    }

    /// The same values as `f64`, where `true` is 1. Integers beyond 2⁵³ are rounded.
    pub fn to_f64(&self) -> ArrayD<f64> {
        match self {
            Self::Float32(array) => array.mapv(f64::from),
            Self::Float64(array) => array.clone(),
            Self::Int64(array) => array.mapv(|value| value as f64),
            Self::Bool(array) => array.mapv(|value| f64::from(u8::from(value))),
        }
    }

    /// The array, if its elements are of type `F`.
    pub fn view<F: Element>(&self) -> Option<ArrayViewD<'_, F>> {
        F::view(self)
    }

    /// The parts along the first axis, if there is one and it is not longer than `limit`.
    pub(crate) fn rows(&self, limit: usize) -> Option<Vec<Self>> {
        // Rows without elements cost a file nothing, however many it says there are.
        self.shape().first().filter(|&&rows| rows <= limit)?;
        fn of<T: Clone>(array: &ArrayD<T>, tensor: fn(ArrayD<T>) -> Tensor) -> Vec<Tensor> {
            array.axis_iter(Axis(0)).map(|row| tensor(row.to_owned())).collect()
        }
        Some(match self {
            Self::Float32(array) => of(array, Self::Float32),
            Self::Float64(array) => of(array, Self::Float64),
            Self::Int64(array) => of(array, Self::Int64),
            Self::Bool(array) => of(array, Self::Bool),
        })
    }

    /// Whether both have the same type, shape and bits.
    pub fn is_bit_identical(&self, other: &Self) -> bool {
        fn same<T, B: PartialEq>(a: &ArrayD<T>, b: &ArrayD<T>, bits: impl Fn(&T) -> B) -> bool {
            a.shape() == b.shape() && a.iter().map(&bits).eq(b.iter().map(&bits))
        }
        match (self, other) {
            (Self::Float32(a), Self::Float32(b)) => same(a, b, |value| value.to_bits()),
            (Self::Float64(a), Self::Float64(b)) => same(a, b, |value| value.to_bits()),
            (Self::Int64(a), Self::Int64(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Float32(_) | Self::Float64(_) | Self::Int64(_) | Self::Bool(_), _) => false,
        }
    }
}

/// A floating-point type that a [`Tensor`] can hold.
pub trait Element: Real {
    /// The array, if its elements are of this type.
    fn view(tensor: &Tensor) -> Option<ArrayViewD<'_, Self>>;

    /// The array as a tensor.
    fn tensor(array: ArrayD<Self>) -> Tensor;
}

macro_rules! element {
    ($type:ty, $variant:ident) => {
        impl Element for $type {
            fn view(tensor: &Tensor) -> Option<ArrayViewD<'_, Self>> {
                if let Tensor::$variant(array) = tensor { Some(array.view()) } else { None }
            }

            fn tensor(array: ArrayD<Self>) -> Tensor {
                Tensor::$variant(array)
            }
        }
    };
}

element!(f32, Float32);
element!(f64, Float64);
