//! The module of PyTorch's classes: its text, that Python compiles it, and, where a Python with PyTorch
//! is named, that its classes load our weights and give our logits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

use ndarray::{Array4, ArrayD};
use safetensors::tensor::{Dtype, TensorView};
use trainer::dataset::FASHION_MNIST_IMAGE;
use trainer::network::{
    Activation, DropoutPlace, Network, NetworkConfig, NetworkKind, Norm, Preset, pytorch,
};
use trainer::random_stream::{Purpose, Stream};
use trainer::weights;

const CLASSES: usize = 10;

/// How many images the networks are compared on: ghost batches of three leave a single one.
const IMAGES: usize = 10;

/// The presets, then each norm, activation and place of dropout in either kind of network, and networks
/// of other depths.
fn networks() -> Vec<NetworkConfig> {
    let mut networks: Vec<NetworkConfig> =
        Preset::all().iter().map(|preset| preset.config.clone()).collect();
    let widths: Cow<'static, [usize]> = Cow::Borrowed(&[4, 8]);
    let kinds = [
        NetworkKind::Convolutional { widths: widths.clone() },
        NetworkKind::FullyConnected { hidden: widths },
    ];
    let usual = Preset::all()[0].config.clone();
    for kind in kinds {
        let usual = NetworkConfig { kind: kind.clone(), ..usual.clone() };
        let of_images = matches!(kind, NetworkKind::Convolutional { .. });
        for norm in [
            Norm::None,
            Norm::BatchNorm,
            Norm::GhostBatchNorm { images: 3 },
            Norm::NoisyBatchNorm,
            Norm::GroupNorm { groups: 1 },
            Norm::GroupNorm { groups: 2 },
            Norm::InstanceNorm,
        ] {
            if of_images || norm != Norm::InstanceNorm {
                networks.push(NetworkConfig { norm, ..usual.clone() });
            }
        }
        for &activation in Activation::ALL {
            networks.push(NetworkConfig {
                activation,
                norm: Norm::BatchNorm,
                initial_scale: 0.5,
                ..usual.clone()
            });
        }
        for &dropout_place in DropoutPlace::ALL {
            networks.push(NetworkConfig {
                dropout: Some(0.25),
                dropout_place,
                norm: Norm::BatchNorm,
                ..usual.clone()
            });
        }
    }
    let others = ["conv_relu", "conv-3-4-5_batch-norm_tanh", "linear_relu", "linear-1-11_relu"];
    networks.extend(others.map(|text| text.parse().unwrap()));
    networks
}

fn module(networks: &[NetworkConfig]) -> String {
    let networks: Vec<&NetworkConfig> = networks.iter().collect();
    pytorch::module(&networks, FASHION_MNIST_IMAGE, CLASSES).unwrap()
}

/// The names of the classes in the order of the networks.
fn class_names(module: &str) -> Vec<&str> {
    let classes = module.lines().filter_map(|line| line.strip_prefix("class "));
    classes.filter_map(|class| class.strip_suffix("(nn.Module):")).collect()
}

fn expect_success(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Not `eprintln!`, which the test runner swallows.
fn skipped(what: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED {what}");
}

#[test]
fn each_network_is_a_class_of_pytorch() {
    insta::assert_snapshot!(module(&networks()));
}

#[test]
fn a_network_that_several_arms_have_is_one_class() {
    let [first, second, ..] = &networks()[..] else { panic!("there are presets") };
    let twice = [first.clone(), second.clone(), first.clone()];
    assert_eq!(class_names(&module(&twice)), ["SimpleNetwork", "SpatialBatchNormNetwork"]);
}

#[test]
fn no_two_networks_share_a_class() {
    let networks = [
        "conv-1-62_relu",
        "conv-16-2_relu",
        "conv-1-6-2_relu",
        "linear-2_relu_dropout-0.1",
        "linear-2_relu_dropout-0.1-before-norm",
        "linear-2_relu_init-0.1",
        "linear-2_ghost-batch-norm-16_relu",
    ];
    let configs: [NetworkConfig; 7] = networks.map(|text| text.parse().unwrap());
    let module = pytorch::module(
        &configs.each_ref(),
        trainer::dataset::ImageSize { channels: 1, height: 8, width: 8 },
        CLASSES,
    );
    let module = module.unwrap();
    let mut names = class_names(&module);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), networks.len(), "{names:?}");
}

#[test]
fn python_compiles_the_module() {
    let python = env::var_os("GRADER_PYTHON").unwrap_or_else(|| "python3".into());
    if !Command::new(&python).arg("--version").output().is_ok_and(|said| said.status.success()) {
        return skipped("compiling networks.py; there is no python3");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("networks.py");
    fs::write(&file, module(&networks())).unwrap();
    expect_success(Command::new(&python).args(["-m", "py_compile"]).arg(&file));
}

#[test]
fn pytorch_loads_our_weights_and_gives_our_logits() {
    let Some(python) = env::var_os("PYTORCH_PYTHON") else {
        return skipped(
            "the comparison with PyTorch; set PYTORCH_PYTHON to a Python that has the packages of \
             crates/trainer/tests/pytorch/requirements.txt",
        );
    };
    let folder = tempfile::tempdir().unwrap();
    let (networks, folder) = (networks(), folder.path());
    let module = module(&networks);
    fs::write(folder.join("networks.py"), &module).unwrap();
    let names = class_names(&module);
    assert_eq!(names.len(), networks.len());
    for (name, config) in names.iter().zip(&networks) {
        write_expected(folder, name, config);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pytorch/check.py");
    let said = expect_success(Command::new(&python).arg(script).arg(folder));
    let differences: BTreeMap<&str, Vec<f64>> = said
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next().unwrap();
            (name, words.map(|number| number.parse().unwrap()).collect())
        })
        .collect();
    assert_eq!(differences.len(), networks.len(), "{said}");
    for (name, config) in names.iter().zip(&networks) {
        let found = &differences[name];
        assert_eq!(found.len(), if draws(config) { 1 } else { 3 }, "{name}");
        assert!(found.iter().all(|&difference| difference <= 1e-5), "{name}: {found:?}");
    }
}

/// Whether training draws numbers, of which PyTorch has others.
fn draws(config: &NetworkConfig) -> bool {
    config.dropout.is_some() || config.norm == Norm::NoisyBatchNorm
}

/// What `check.py` reads of a network whose parameters and running statistics are no initial ones.
fn write_expected(folder: &Path, name: &str, config: &NetworkConfig) {
    let mut network: Network<f32> = config.build(FASHION_MNIST_IMAGE, CLASSES, 0).unwrap();
    let mut random = Stream::new(0, Purpose::Dropout, 0);
    for (_, mut array) in network.parameters_mut() {
        array.mapv_inplace(|value| value + 0.2 * (random.uniform() as f32 - 0.5));
    }
    for _ in 0..3 {
        network.forward_train(images(&mut random), &mut random).unwrap();
    }
    let write = |file: String, bytes: Vec<u8>| fs::write(folder.join(file), bytes).unwrap();
    write(format!("{name}.weights.safetensors"), weights::save(&network, 3).unwrap());
    let images = images(&mut random);
    let logits = network.forward_eval(images.view()).unwrap();
    let mut tensors = vec![("images", images.clone().into_dyn()), ("logits", logits.into_dyn())];
    if !draws(config) {
        let (logits, _) = network.forward_train(images, &mut random).unwrap();
        tensors.push(("training_logits", logits.into_dyn()));
        write(format!("{name}.after.safetensors"), weights::save(&network, 4).unwrap());
    }
    write(format!("{name}.logits.safetensors"), safetensors_of(&tensors));
}

fn images(random: &mut Stream) -> Array4<f32> {
    Array4::from_shape_simple_fn((IMAGES, 1, 28, 28), || random.below(256) as f32 / 255.0)
}

fn safetensors_of(tensors: &[(&str, ArrayD<f32>)]) -> Vec<u8> {
    let bytes: Vec<(&str, &[usize], Vec<u8>)> = tensors
        .iter()
        .map(|(name, array)| {
            (*name, array.shape(), array.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}
