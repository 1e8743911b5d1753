//! A linear layer of images: the bits of flattening them and the linear layer one after the other, for every
//! shape, memory layout and number of threads, and whatever given memory held.

use kernels::linear::{self, flattened};
use kernels::{Real, flatten, with_threads};
use ndarray::{Array1, Array2, Array4};
use proptest::prelude::*;

use crate::common::{Random, bits, in_every_layout};

/// out, dx, dweight and dbias as bits.
type Results = [Vec<u64>; 4];

fn apart<F: Real>(
    x: &Array4<F>,
    weight: &Array2<F>,
    bias: &Array1<F>,
    dout: &Array2<F>,
) -> Results {
    let mut rows = Array2::zeros([0, 0]);
    flatten::forward_into(x.view(), &mut rows).unwrap();
    let out = linear::forward(rows.view(), weight.view(), bias.view()).unwrap();
    let gradients = linear::backward(dout.view(), rows.view(), weight.view()).unwrap();
    let (_, c, h, w) = x.dim();
    let mut dx = Array4::zeros([0; 4]);
    flatten::backward_into(gradients.dx.view(), [c, h, w], &mut dx).unwrap();
    [bits(&out), bits(&dx), bits(&gradients.dweight), bits(&gradients.dbias)]
}

/// In memory for `room` values that are NaN.
fn together<F: Real>(
    x: &Array4<F>,
    weight: &Array2<F>,
    bias: &Array1<F>,
    dout: &Array2<F>,
    room: usize,
) -> Results {
    let nan = F::from_f64(f64::NAN);
    let mut out = Array2::from_elem([1, room], nan);
    flattened::forward_into(x.view(), weight.view(), bias.view(), &mut out).unwrap();
    let (_, c, h, w) = x.dim();
    let mut dx = Array4::from_elem([room, 1, 1, 1], nan);
    flattened::backward_input_into(dout.view(), weight.view(), [c, h, w], &mut dx).unwrap();
    let (mut dweight, mut dbias) =
        (Array2::from_elem([room, 1], nan), Array1::from_elem(room, nan));
    flattened::backward_parameters_into(dout.view(), x.view(), &mut dweight, &mut dbias).unwrap();
    [bits(&out), bits(&dx), bits(&dweight), bits(&dbias)]
}

fn compare<F: Real>([n, c, h, w]: [usize; 4], outputs: usize, seed: u64) {
    let mut random = Random::new(seed);
    let x: Array4<F> = random.array([n, c, h, w]);
    let weight: Array2<F> = random.array([outputs, c * h * w]);
    let (bias, dout) = (random.array(outputs), random.array([n, outputs]));
    let expected = apart(&x, &weight, &bias, &dout);
    let by_columns = weight.t().as_standard_layout().into_owned().reversed_axes();
    for (layout, x) in in_every_layout(&x) {
        for (weight, room) in [(&weight, 0), (&by_columns, 1 + x.len())] {
            for threads in [1, 2, 3, 8] {
                let compute = || together(&x, weight, &bias, &dout, room);
                let got = with_threads(threads, compute).unwrap();
                assert_eq!(got, expected, "{layout}, {threads} threads, memory for {room}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn as_one_after_the_other(
        shape in prop::array::uniform4(1usize..6),
        outputs in 1usize..20,
        seed: u64,
    ) {
        compare::<f32>(shape, outputs, seed);
        compare::<f64>(shape, outputs, seed);
    }
}

#[test]
fn as_one_after_the_other_in_whole_vectors_and_in_the_study() {
    for shape in [[2, 16, 1, 1], [3, 1, 4, 8], [1, 32, 3, 3], [50, 32, 7, 7]] {
        compare::<f32>(shape, 10, 7);
    }
}

#[test]
fn bad_input_is_an_error() {
    let (x, bias, dout) =
        (Array4::<f32>::zeros([2, 3, 2, 1]), Array1::zeros(4), Array2::zeros([2, 4]));
    let mut out = Array2::zeros([0, 0]);
    let mut forward = |x: &Array4<f32>, columns: usize, bias: &Array1<f32>| {
        let weight = Array2::zeros([4, columns]);
        let result = flattened::forward_into(x.view(), weight.view(), bias.view(), &mut out);
        result.map_err(|error| error.to_string())
    };
    assert_eq!(forward(&x, 6, &bias), Ok(()));
    assert_eq!(
        forward(&x, 5, &bias).unwrap_err(),
        "linear: weight must have shape [4, 6] (one column per feature of x), got [4, 5]"
    );
    assert_eq!(
        forward(&x, 6, &Array1::zeros(3)).unwrap_err(),
        "linear: bias must have shape [4] (one value per output), got [3]"
    );
    assert!(forward(&Array4::zeros([2, 0, 2, 1]), 0, &bias).unwrap_err().contains("x"));
    let weight = Array2::zeros([4, 6]);
    let mut dx = Array4::zeros([0; 4]);
    let mut backward = |dout: &Array2<f32>, size| {
        flattened::backward_input_into(dout.view(), weight.view(), size, &mut dx)
    };
    assert!(backward(&dout, [3, 2, 1]).is_ok());
    assert!(backward(&dout, [3, 2, 2]).is_err() && backward(&dout, [3, 0, 1]).is_err());
    assert!(backward(&Array2::zeros([2, 5]), [3, 2, 1]).is_err());
    assert!(backward(&Array2::zeros([0, 4]), [3, 2, 1]).is_err());
    let (mut dweight, mut dbias) = (Array2::zeros([0, 0]), Array1::zeros(0));
    let mut backward = |dout: &Array2<f32>, x: &Array4<f32>| {
        flattened::backward_parameters_into(dout.view(), x.view(), &mut dweight, &mut dbias)
    };
    assert!(backward(&dout, &x).is_ok());
    assert!(backward(&Array2::zeros([3, 4]), &x).is_err());
    assert!(backward(&dout, &Array4::zeros([2, 3, 0, 1])).is_err());
}
