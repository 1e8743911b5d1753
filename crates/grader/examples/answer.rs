//! Answers the grader's scripts: a worked example of the protocol that README.md describes.
//!
//! ```sh
//! cargo build --example answer
//! cargo xtask grade --program target/debug/examples/answer
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use ndarray::{Array1, Array4, Array5, ArrayD, Axis, Ix1, Ix4, stack};
use ndarray_npy::{ReadNpyError, WritableElement, read_npy, write_npy};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the calls of a script share.
#[derive(Default)]
struct BnParam {
    eps: f64,
    momentum: f64,
    running: Option<[Array1<f64>; 2]>,
}

/// What a backward pass needs: the normalised x, and γ/√(σ² + ε).
type Cache = (Array4<f64>, Array1<f64>);

/// The mean of each channel.
fn channel_means(x: &Array4<f64>) -> Array1<f64> {
    let values = (x.len() / x.len_of(Axis(1))) as f64;
    x.sum_axis(Axis(3)).sum_axis(Axis(2)).sum_axis(Axis(0)) / values
}

/// A value for each channel, as wide as images.
fn wide(channels: &Array1<f64>) -> Array4<f64> {
    let last = channels.clone().insert_axis(Axis(1)).insert_axis(Axis(2));
    last.insert_axis(Axis(0))
}

fn forward(
    x: &Array4<f64>,
    gamma: &Array1<f64>,
    beta: &Array1<f64>,
    mode: &str,
    bn_param: &mut BnParam,
) -> Result<(Array4<f64>, Cache)> {
    let zeros = Array1::zeros(x.len_of(Axis(1)));
    let [mean, var] = bn_param.running.get_or_insert_with(|| [zeros.clone(), zeros]);
    let (mean_now, var_now) = match mode {
        "train" => {
            let mean_now = channel_means(x);
            let var_now = channel_means(&(x - &wide(&mean_now)).mapv(|value| value * value));
            let keep = bn_param.momentum;
            *mean = &*mean * keep + &mean_now * (1.0 - keep);
            *var = &*var * keep + &var_now * (1.0 - keep);
            (mean_now, var_now)
        }
        "test" => (mean.clone(), var.clone()),
        _ => return Err(format!("there is no mode {mode}").into()),
    };
    let std = var_now.mapv(|var| (var + bn_param.eps).sqrt());
    let normed = (x - &wide(&mean_now)) / wide(&std);
    let out = &normed * &wide(gamma) + wide(beta);
    Ok((out, (normed, gamma / std)))
}

fn backward(dout: &Array4<f64>, (normed, scale): &Cache) -> [ArrayD<f64>; 3] {
    let values = (dout.len() / scale.len()) as f64;
    let (dbeta, dgamma) = (channel_means(dout), channel_means(&(dout * normed)));
    let dx = (dout - &wide(&dbeta) - normed * &wide(&dgamma)) * wide(scale);
    [dx.into_dyn(), (dgamma * values).into_dyn(), (dbeta * values).into_dyn()]
}

/// One script: the folder of its inputs and that of its outputs.
struct Script {
    inputs: PathBuf,
    outputs: PathBuf,
    /// Whether its arrays are in single precision, and so its results.
    is_single: bool,
}

impl Script {
    /// An array of f64, f32 or i64, each of which is exact in f64 here.
    fn read(&self, name: &str) -> Result<ArrayD<f64>> {
        let path = self.inputs.join(format!("{name}.npy"));
        match read_npy::<_, ArrayD<f64>>(&path) {
            Err(ReadNpyError::WrongDescriptor(_)) => {}
            read => return Ok(read?),
        }
        match read_npy::<_, ArrayD<f32>>(&path) {
            Err(ReadNpyError::WrongDescriptor(_)) => {}
            read => return Ok(read?.mapv(f64::from)),
        }
        Ok(read_npy::<_, ArrayD<i64>>(&path)?.mapv(|value| value as f64))
    }

    fn write(&self, name: &str, array: &ArrayD<f64>) -> Result<()> {
        fn to<T: WritableElement>(path: &Path, array: &ArrayD<T>) -> Result<()> {
            Ok(write_npy(path, array)?)
        }
        let path = self.outputs.join(format!("{name}.npy"));
        if self.is_single { to(&path, &array.mapv(|value| value as f32)) } else { to(&path, array) }
    }

    fn answer(&mut self) -> Result<()> {
        fs::create_dir_all(&self.outputs)?;
        let mut bn_param = BnParam::default();
        let mut caches = BTreeMap::new();
        for line in fs::read_to_string(self.inputs.join("calls.txt"))?.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let done = match words[..] {
                ["eps", eps] => {
                    bn_param.eps = if eps == "default" { 1e-5 } else { eps.parse()? };
                    Ok(())
                }
                ["momentum", momentum] => {
                    bn_param.momentum =
                        if momentum == "default" { 0.9 } else { momentum.parse()? };
                    Ok(())
                }
                ["running", "given"] => {
                    let first = |name| -> Result<Array1<f64>> {
                        let array = self.read(name)?.into_dimensionality::<ndarray::Ix2>()?;
                        Ok(array.row(0).to_owned())
                    };
                    bn_param.running = Some([first("running_mean")?, first("running_var")?]);
                    Ok(())
                }
                ["forward", number, mode, _] => {
                    self.forward(number, mode, &mut bn_param, &mut caches)
                }
                ["differences", number, mode, step] => {
                    self.differences(number, mode, step.parse()?, &mut bn_param, &mut caches)
                }
                // What is cached here is no view of x, so that whoever overwrites x does no harm.
                ["backward", number, forward, index] | ["backward", number, forward, index, _] => {
                    let cache = caches.get(&(forward.to_owned(), index.parse()?));
                    self.backward(number, cache)
                }
                _ => Ok(()),
            };
            if let Err(error) = done {
                let note = format!("error {error}\n");
                let kind = if words[0] == "backward" { "backward" } else { "forward" };
                fs::write(self.outputs.join(format!("{kind}_{}.txt", words[1])), note)?;
            }
        }
        Ok(fs::write(self.outputs.join("done"), "")?)
    }

    fn forward(
        &mut self,
        number: &str,
        mode: &str,
        bn_param: &mut BnParam,
        caches: &mut BTreeMap<(String, usize), Cache>,
    ) -> Result<()> {
        let x_file = self.inputs.join(format!("x_{number}.npy"));
        self.is_single = read_npy::<_, ArrayD<f32>>(x_file).is_ok();
        let x: Array5<f64> = self.read(&format!("x_{number}"))?.into_dimensionality()?;
        let gamma = self.read(&format!("gamma_{number}"))?;
        let beta = self.read(&format!("beta_{number}"))?;
        let mut results = [Vec::new(), Vec::new(), Vec::new()];
        for (index, x) in x.outer_iter().enumerate() {
            let gamma = gamma.index_axis(Axis(0), index).into_dimensionality::<Ix1>()?;
            let beta = beta.index_axis(Axis(0), index).into_dimensionality::<Ix1>()?;
            let (out, cache) =
                forward(&x.to_owned(), &gamma.to_owned(), &beta.to_owned(), mode, bn_param)?;
            caches.insert((number.to_owned(), index), cache);
            results[0].push(out.into_dyn());
            for (result, running) in results[1..].iter_mut().zip(bn_param.running.iter().flatten())
            {
                result.push(running.clone().into_dyn());
            }
        }
        for (name, arrays) in ["out", "running_mean", "running_var"].iter().zip(&results) {
            let views: Vec<_> = arrays.iter().map(|array| array.view()).collect();
            self.write(&format!("{name}_{number}"), &stack(Axis(0), &views)?)?;
        }
        Ok(())
    }

    /// A numeric gradient: one element after the other goes up, down and back, with a forward pass
    /// for each of the first two, and then one more pass.
    fn differences(
        &mut self,
        number: &str,
        mode: &str,
        step: f64,
        bn_param: &mut BnParam,
        caches: &mut BTreeMap<(String, usize), Cache>,
    ) -> Result<()> {
        let first = |name: &str| -> Result<ArrayD<f64>> {
            Ok(self.read(&format!("{name}_{number}"))?.index_axis_move(Axis(0), 0))
        };
        let mut arrays = [first("x")?, first("gamma")?, first("beta")?];
        let mut outs = Vec::new();
        let mut pass = |arrays: &[ArrayD<f64>; 3]| -> Result<()> {
            let x: Array4<f64> = arrays[0].clone().into_dimensionality()?;
            let gamma = arrays[1].clone().into_dimensionality()?;
            let beta = arrays[2].clone().into_dimensionality()?;
            let (out, cache) = forward(&x, &gamma, &beta, mode, bn_param)?;
            caches.insert((number.to_owned(), outs.len()), cache);
            outs.push(out);
            Ok(())
        };
        for argument in 0..arrays.len() {
            for element in 0..arrays[argument].len() {
                let old = arrays[argument].as_slice().ok_or("not in C order")?[element];
                for new in [old + step, old - step, old] {
                    arrays[argument].as_slice_mut().ok_or("not in C order")?[element] = new;
                    if new != old {
                        pass(&arrays)?;
                    }
                }
            }
        }
        pass(&arrays)?;
        let views: Vec<_> = outs.iter().map(|out| out.view()).collect();
        self.write(&format!("out_{number}"), &stack(Axis(0), &views)?.into_dyn())
    }

    fn backward(&self, number: &str, cache: Option<&Cache>) -> Result<()> {
        let dout = self.read(&format!("dout_{number}"))?;
        let dout = dout.index_axis(Axis(0), 0).into_dimensionality::<Ix4>()?.to_owned();
        let gradients = backward(&dout, cache.ok_or("its forward pass failed")?);
        for (name, gradient) in ["dx", "dgamma", "dbeta"].iter().zip(&gradients) {
            self.write(&format!("{name}_{number}"), gradient)?;
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let folders: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [inputs, outputs] = folders.as_slice() else {
        return Err("expected two arguments: INPUTS OUTPUTS".into());
    };
    let scripts = fs::read_to_string(inputs.join("scripts.txt"))?;
    // It knows no plain batch norm.
    for name in scripts.lines().filter(|name| name.starts_with("spatial")) {
        let (inputs, outputs) = (inputs.join(name), outputs.join(name));
        Script { inputs, outputs, is_single: false }.answer()?;
    }
    Ok(())
}
