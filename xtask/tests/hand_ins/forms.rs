//! The forms in which hand-ins come: notebooks, archives, folders with neighbours, encodings, classes. Each is
//! graded alone and in a class, as its code deserves.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::{with_numpy, workspace};
use crate::{grade, here, transcript};

/// A hand-in: its name in the class's folder, its files, and what is to come of it.
struct Form {
    name: &'static str,
    files: Vec<(&'static str, Vec<u8>)>,
    expected: Expected,
}

/// What is to come of a hand-in.
#[derive(Clone, Copy)]
enum Expected {
    /// It passes everything.
    Passes,
    /// It is graded, and this is said of it.
    Told(&'static str),
    /// It is not graded, and this is said of it.
    Problem(&'static str),
}

use Expected::{Passes, Problem, Told};

/// A right hand-in.
fn right() -> String {
    fs::read_to_string(here().join("right/one_change.py")).unwrap()
}

/// A right hand-in that takes its channels by a function of another file, after this line.
fn with_import(import: &str) -> String {
    let renamed = right().replace("def wide(", "def own(").replace("wide(", "widened(");
    format!("{import}\n{renamed}")
}

/// That function.
const WIDENED: &str = "def widened(values):\n    return values.reshape(1, -1, 1, 1)\n";

/// A notebook of these cells.
fn notebook(cells: &[&str]) -> Vec<u8> {
    let cell = |source: &&str| {
        let lines: Vec<&str> = source.split_inclusive('\n').collect();
        serde_json::json!({"cell_type": "code", "metadata": {}, "outputs": [], "source": lines})
    };
    let mut all = vec![serde_json::json!({"cell_type": "markdown", "source": ["# HW"]})];
    all.extend(cells.iter().map(cell));
    serde_json::json!({"cells": all, "metadata": {}, "nbformat": 4}).to_string().into_bytes()
}

/// The bytes of a `.zip` with these files.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, content) in files {
        archive.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// An archive whose only file is marked as encrypted.
fn encrypted() -> Vec<u8> {
    let mut bytes = zipped(&[("layers.py", right().as_bytes())]);
    let table = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[6] |= 1;
    bytes[table + 8] |= 1;
    bytes
}

/// An archive with two files of one name.
fn with_duplicates() -> Vec<u8> {
    let bytes = zipped(&[("layers.py", right().as_bytes()), ("layers.px", b"x = 1\n")]);
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() - 9 {
        if &bytes[at..at + 9] == b"layers.px" {
            bytes[at + 8] = b'y';
        }
    }
    bytes
}

/// The right hand-in as a class, with this before each method and as its first argument.
fn class(decorator: &str, first: &str) -> Vec<u8> {
    let (head, body) = right()
        .split_once("def spatial_batchnorm_forward(")
        .map(|(head, body)| (head.to_owned(), format!("def spatial_batchnorm_forward({body}")))
        .unwrap();
    let body =
        body.replace('\n', "\n    ").replace("def spatial_batchnorm_", &format!("{decorator}def "));
    let body = body.replace("forward(x", &format!("forward({first}x"));
    let body = body.replace("backward(dout", &format!("backward({first}dout"));
    format!("{head}\nclass SpatialBatchNorm(object):\n    {body}\n").into_bytes()
}

fn of_notebooks() -> Vec<Form> {
    let right = right();
    let timed = format!("%%time\n{right}");
    let magics = "%matplotlib inline\n!pip install -q numpy \\\n    scipy\nimport numpy as np\n\
                  files = !ls\nwhere = %pwd\nnp.zeros?\n?np\nfor _ in range(2):\n    %timeit 1 + 1\n\
                  %time seven = 7\ntext = '''\n%matplotlib is no command here\n!nor this\n'''\n\
                  assert '!nor this' in text and seven == 7 and 10 %3 == 1\n!echo \"it's (\n";
    let raising =
        right.replace("    if mode == \"train\":", "    raise KeyError('x')\n    if mode:");
    vec![
        Form {
            name: "magics.ipynb",
            files: vec![(
                "",
                notebook(&[
                    magics,
                    "%%bash\nrm -rf $HOME\n",
                    &timed,
                    "%%html\n<b>'</b>",
                    "data = np.load('cifar.npy')\nfor epoch in range(10):\n    train(data)\n",
                    "# a comment\n\n%%javascript\nlet x = 1;\n",
                    "import os\nos.chdir('/content/drive')\nAXES = (0, 2, 3)",
                    "import sys\nsys.exit()",
                    "this is no Python",
                    "get_ipython().system('ls')\ndisplay(np.zeros(3))",
                    "assert files is None and where is None",
                ]),
            )],
            expected: Passes,
        },
        Form {
            name: "trains_for_ever.ipynb",
            files: vec![("", notebook(&[&right, "while True:\n    pass\n", "AXES = (0, 2, 3)"]))],
            expected: Passes,
        },
        Form {
            name: "raises.ipynb",
            files: vec![("", notebook(&["import numpy as np", &raising]))],
            expected: Told("KeyError: 'x' (raises.ipynb, cell 2, line "),
        },
        Form {
            name: "first_error.ipynb",
            files: vec![("", notebook(&["x = 1\nopen('data.npy')\n", "undefined\n"]))],
            expected: Told("'data.npy' (first_error.ipynb, cell 1, line 2)"),
        },
        Form {
            name: "writes_file.ipynb",
            files: vec![(
                "",
                notebook(&[
                    &format!("%%writefile channels.py\n{WIDENED}"),
                    &with_import("from channels import widened"),
                ]),
            )],
            expected: Passes,
        },
        Form {
            name: "runs_file",
            files: vec![
                ("hw.ipynb", notebook(&["%run ./channels.py", &with_import("")])),
                ("channels.py", WIDENED.as_bytes().to_vec()),
            ],
            expected: Passes,
        },
        Form {
            name: "in_r.ipynb",
            files: vec![(
                "",
                br#"{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}"#.to_vec(),
            )],
            expected: Problem("in_r.ipynb: found a notebook in R, expected one in Python"),
        },
        Form {
            name: "exported.py",
            files: vec![(
                "",
                format!(
                    "# coding: utf-8\n# In[1]:\nget_ipython().run_line_magic('matplotlib', \
                     'inline')\nget_ipython().system('pip install numpy')\nlisted = \
                     get_ipython().getoutput('ls')\n{right}\ndisplay(AXES)\n"
                )
                .into_bytes(),
            )],
            expected: Passes,
        },
    ]
}

fn of_archives() -> Vec<Form> {
    let right = right();
    let main = with_import("from .channels import widened");
    let link = {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        archive.add_symlink("layers.py", "/etc/passwd", options).unwrap();
        archive.finish().unwrap().into_inner()
    };
    let bomb = vec![b' '; 80 << 20];
    vec![
        Form {
            name: "packed.zip",
            files: vec![(
                "",
                zipped(&[
                    ("hw 2/cs231n/layers.py", main.as_bytes()),
                    ("hw 2/cs231n/channels.py", WIDENED.as_bytes()),
                    ("hw 2/cs231n/datasets/cifar.bin", &[0; 5000]),
                    ("__MACOSX/hw 2/cs231n/._layers.py", b"\0\x05"),
                    ("hw 2/.ipynb_checkpoints/layers.py", right.as_bytes()),
                    ("hw 2/env/pyvenv.cfg", b""),
                    (&format!("hw 2/env/{}layers.py", "a/".repeat(20)), b"def"),
                    ("hw 2/env/other.py", format!("{right}\nx = 1\n").as_bytes()),
                    (&format!("hw 2/.git/{}x", "a/".repeat(20)), b""),
                ]),
            )],
            expected: Passes,
        },
        Form {
            name: "encrypted.zip",
            files: vec![("", encrypted())],
            expected: Problem("layers.py: found an encrypted file, expected one that is not"),
        },
        Form {
            name: "duplicates.zip",
            files: vec![("", with_duplicates())],
            expected: Problem("found two files with the same path, expected one"),
        },
        Form {
            name: "outside.zip",
            files: vec![("", zipped(&[("a/../../layers.py", right.as_bytes())]))],
            expected: Problem("outside.zip: found a file outside of it: a/../../layers.py, "),
        },
        Form {
            name: "absolute.zip",
            files: vec![("", zipped(&[("/layers.py", right.as_bytes())]))],
            expected: Problem("absolute.zip: found a file outside of it: /layers.py, "),
        },
        Form {
            name: "bomb.zip",
            files: vec![("", zipped(&[("layers.ipynb", &bomb)]))],
            expected: Problem("layers.ipynb: found more than 64 MiB, expected at most 64 MiB"),
        },
        Form {
            name: "link.zip",
            files: vec![("", link)],
            expected: Problem("link.zip: found no .py or .ipynb file, expected one"),
        },
        Form {
            name: "broken.zip",
            files: vec![("", b"PK\x03\x04 and then nothing".to_vec())],
            expected: Problem("broken.zip: found no .zip that can be read ("),
        },
        Form {
            name: "report.pdf",
            files: vec![("", b"%PDF".to_vec())],
            expected: Problem("found a .pdf, expected a .py, an .ipynb, a .zip or a folder"),
        },
    ]
}

fn of_folders() -> Vec<Form> {
    let plain = "def channels_last(x):\n    return x\n";
    let prepared = "try:\n    import bn_cython\nexcept ImportError:\n    bn_cython = None\n\
                    import torch.nn as nn\nfrom .im2col_cython import col2im\n\
                    class Net(nn.Module):\n    def f(self, x: nn.Tensor | None): pass\n";
    let raising = "def widened(values):\n    raise KeyError('x')\n";
    let file = |text: &str| text.as_bytes().to_vec();
    vec![
        Form {
            name: "star",
            files: vec![
                ("spatial.py", file(&with_import("from nndl.layers import *"))),
                ("nndl/layers.py", file(&format!("from .utils import widened\n{plain}"))),
                ("nndl/utils.py", file(&format!("{prepared}{WIDENED}"))),
                ("nndl/.DS_Store", vec![0]),
            ],
            expected: Passes,
        },
        Form {
            name: "in packages",
            files: vec![
                ("hw 2/a.b/nets/bn.py", file(&with_import("from ..parts.c import widened"))),
                ("hw 2/a.b/parts/__init__.py", file("")),
                (
                    "hw 2/a.b/parts/c.py",
                    file(&format!("from . import d\nfrom nets import e\n{WIDENED}")),
                ),
                (
                    "hw 2/a.b/parts/d.py",
                    file("import importlib\nimportlib.import_module('parts.c')\n"),
                ),
                ("hw 2/a.b/nets/e.py", file("")),
            ],
            expected: Passes,
        },
        Form {
            name: "without_its_folder",
            files: vec![
                ("bn.py", file(&with_import("from cs231n.channels import *"))),
                ("channels.py", file(WIDENED)),
            ],
            expected: Passes,
        },
        Form {
            name: "elsewhere",
            files: vec![
                (
                    "notebooks/hw.ipynb",
                    notebook(&[
                        "import sys\nsys.path.append('../src')",
                        &with_import("import channels\nfrom channels import *"),
                    ]),
                ),
                ("src/channels.py", file(WIDENED)),
            ],
            expected: Passes,
        },
        Form {
            name: "helper_raises",
            files: vec![
                (
                    "layers.py",
                    file(&with_import("import utils.channels\nwidened = utils.channels.widened")),
                ),
                ("utils/channels.py", file(raising)),
            ],
            expected: Told("KeyError: 'x' (utils/channels.py, line 2)"),
        },
        Form {
            name: "helper_is_no_python",
            files: vec![
                ("layers.py", file(&with_import("from channels import widened"))),
                ("channels.py", file("x = 1\ndef widened(:\n")),
            ],
            expected: Told("(channels.py, line 2)"),
        },
        Form {
            name: "helper_lacks_it",
            files: vec![
                ("layers.py", file(&with_import("from .channels import widened"))),
                ("channels.py", file("x = 1\n")),
            ],
            expected: Told(
                "ImportError: cannot import name 'widened' from 'channels' (layers.py, line 1)",
            ),
        },
        Form {
            name: "of_another",
            files: vec![("layers.py", file(&with_import("from star.nndl.utils import widened")))],
            expected: Told("star.nndl.utils.widened is not there when this is graded"),
        },
        Form {
            name: "beside_it.py",
            files: vec![("", file(&with_import("from exported import *")))],
            expected: Told("exported is not there when this is graded"),
        },
        Form {
            name: "holds_a_zip",
            files: vec![
                ("hand_in.zip", zipped(&[("layers.py", right().as_bytes())])),
                ("note.txt", file("hi")),
            ],
            expected: Passes,
        },
        Form {
            name: "two",
            files: vec![
                ("a.py", file("def spatial_batchnorm_forward(x): pass\n")),
                ("b.py", file("def spatial_batchnorm_forward(y): pass\n")),
            ],
            expected: Problem(
                "two: found 2 files that define spatial_batchnorm_forward: a.py, b.py, expected one",
            ),
        },
        Form {
            name: "nothing",
            files: vec![("readme.txt", file("later"))],
            expected: Problem("nothing: found no .py or .ipynb file but readme.txt, expected one"),
        },
    ]
}

fn of_texts() -> Vec<Form> {
    let right = right();
    let german = format!("# Größe\n{right}");
    let utf_16 = |mark: &str| -> Vec<u8> {
        format!("{mark}{german}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let latin_1 = |text: &str| text.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    let one = |name, bytes, expected| Form { name, files: vec![("", bytes)], expected };
    let with = |name, before: &str, after: &str, expected| {
        one(name, format!("{before}\n{right}\n{after}\n").into_bytes(), expected)
    };
    vec![
        one("utf_16.py", utf_16("\u{feff}"), Passes),
        one("utf_16_without_mark.py", utf_16(""), Passes),
        one("utf_8_mark.py", format!("\u{feff}# coding: latin-1\n{german}").into_bytes(), Passes),
        one("latin_1.py", latin_1(&format!("# coding: utf-8\n{german}")), Passes),
        one("cookie.py", latin_1(&format!("# -*- coding: iso-8859-15 -*-\n{german}")), Passes),
        one("carriage_returns.py", german.replace('\n', "\r").into_bytes(), Passes),
        one("both_ends.PY", german.replace('\n', "\r\n").into_bytes(), Passes),
        one(
            "empty.py",
            Vec::new(),
            Problem("empty.py: found an empty file, expected the functions of the course"),
        ),
        one(
            "nul.py",
            right.replacen("\n", "\n\0", 1).into_bytes(),
            Problem("nul.py: found a file that is no text, with a NUL byte in line 2"),
        ),
        with(
            "plots.py",
            "import os, sys\nimport matplotlib.pyplot as plt\nplt.figure(figsize=(9, 9))\nplt.plot([1])\nplt.show()\n\
             os.chdir('/')\nimport torch\ntorch.manual_seed(0)\n@torch.no_grad()\ndef f(x): pass\n\
             with torch.no_grad():\n    pass\nlearning_rate: torch.Tensor | None = None",
            "if __name__ == '__main__':\n    input()\n    sys.exit(f(sys.argv[1]))",
            Passes,
        ),
        with(
            "libraries.py",
            "import matplotlib.pyplot as plt, torchvision, torch\nfrom tqdm import tqdm, trange\n\
             fig, (axes, _) = plt.subplots(1, 2)\naxes.plot([1])\nfor i in tqdm(range(2)):\n    print(i)\n\
             print(torch.__version__, len(torchvision.datasets.CIFAR10('x')) * torch.pi)\n\
             if torch.cuda.device_count() > 1: pass",
            "of_array = spatial_batchnorm_forward\n\
             def spatial_batchnorm_forward(x, gamma, beta, bn_param):\n    \
                 fig, axes = plt.subplots()\n    axes.hist(x.ravel())\n    plt.show()\n    \
                 for _ in trange(1): pass\n    return of_array(x, gamma, beta, bn_param)",
            Passes,
        ),
        with(
            "uses_library.py",
            "import torchaudio",
            "def spatial_batchnorm_forward(x, gamma, beta, bn_param):\n    \
                 return torchaudio.functional.gain(x) * 2, None",
            Told("torchaudio.functional.gain(…): torchaudio is not installed where this is graded"),
        ),
        with(
            "exported.py",
            "# In[1]:\nget_ipython().run_line_magic('matplotlib', 'inline')\n\
             files = get_ipython().getoutput('ls')\nfor file in files: print(file.split())\n\
             first, second = files[0], get_ipython().system('x')\n\n# In[2]:",
            "# In[3]:\ndata = open('datasets/cifar.npz')\n# In[ ]:\nprint('unclosed\n# In[4]:\nwhile True: pass",
            Passes,
        ),
        with(
            "of_colab.py",
            "\"\"\"hw.ipynb\n\nAutomatically generated by Colab.\n\"\"\"",
            "data = open('datasets/cifar.npz')\nwhile True: pass",
            Passes,
        ),
        one(
            "exported_wrong.py",
            b"# In[1]:\nx = 1\n\n# In[2]:\ny = undefined\n".to_vec(),
            Told("NameError: name 'undefined' is not defined (exported_wrong.py, line 5)"),
        ),
        with("exits.py", "", "import sys\nsys.exit()", Told("SystemExit (exits.py, line ")),
        with("asks.py", "", "input('epochs? ')", Told("EOFError: ")),
        one("static.py", class("@staticmethod\n    ", ""), Passes),
        one("of_class.py", class("@classmethod\n    ", "cls, "), Passes),
        one("of_instance.py", class("", "self, "), Passes),
        one("undecorated.py", class("", ""), Passes),
        one(
            "no_backward.py",
            b"class SpatialBatchNorm:\n    @staticmethod\n    def forward(x, gamma, beta, p):\n        \
              return x, None\n"
                .to_vec(),
            Told("no_backward.py has no function SpatialBatchNorm.backward"),
        ),
    ]
}

fn write(folder: &Path, form: &Form) {
    for (path, content) in &form.files {
        let path = if path.is_empty() {
            folder.join(form.name)
        } else {
            folder.join(form.name).join(path)
        };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        if path.ends_with("run") {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}

/// What is wrong with what became of hand-ins that are graded alone and in a class.
fn misjudged(forms: &[Form], python: &Path, more: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let in_class = folder.path().join("class");
    let (python, table) = (python.to_str().unwrap(), folder.path().join("marks.csv"));
    let mut wrong = Vec::new();
    for form in forms {
        write(&in_class, form);
        let path = in_class.join(form.name);
        let arguments = ["--python", path.to_str().unwrap(), "--interpreter", python];
        let output = grade(&[&arguments[..], more].concat());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code();
        let is_right = match form.expected {
            Passes => code == Some(0) && !transcript(&output).contains("failed"),
            Told(what) => code == Some(1) && transcript(&output).contains(what),
            Problem(what) => code == Some(2) && stderr.contains(what),
        };
        if !is_right {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let text: String = text.lines().take(4).map(|line| format!("{line}\n")).collect();
            wrong.push(format!("{} alone: {code:?}\n{text}{stderr}", form.name));
        }
    }
    let (in_class, csv) = (in_class.to_str().unwrap(), table.to_str().unwrap());
    let arguments = ["--batch", in_class, "--csv", csv, "--interpreter", python];
    let output = grade(&[&arguments[..], more].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    let mut reader = csv::Reader::from_path(&table).unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: BTreeMap<String, BTreeMap<String, String>> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let fields = headers.iter().zip(&record);
            let row = fields.map(|(header, field)| (header.to_owned(), field.to_owned())).collect();
            (record[0].to_owned(), row)
        })
        .collect();
    assert_eq!(rows.len(), forms.len(), "{said}");
    for form in forms {
        let endings = [".py", ".PY", ".ipynb", ".zip"];
        let id = endings.iter().find_map(|ending| form.name.strip_suffix(ending));
        let row = &rows[id.unwrap_or(form.name)];
        let is_right = match form.expected {
            Passes => row["marks"] == row["out_of"] && row["problem"].is_empty(),
            Told(what) => {
                let report = format!("marks/{}.txt", row["id"]);
                let report = fs::read_to_string(folder.path().join(report)).unwrap();
                !row["marks"].is_empty()
                    && report.contains(what)
                    && !report.contains(folder.path().to_str().unwrap())
            }
            Problem(what) => {
                // The row says already whose it is.
                let what = what.strip_prefix(&format!("{}: ", form.name)).unwrap_or(what);
                row["marks"].is_empty() && row["problem"].contains(what)
            }
        };
        if !is_right {
            wrong.push(format!("{} in a class: {row:?}", form.name));
        }
    }
    wrong
}

fn judged_rightly(forms: &[Form], test: &str) {
    let Some(python) = with_numpy(test) else { return };
    let wrong = misjudged(forms, &python, &[]);
    assert!(wrong.is_empty(), "{} misjudged:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn notebooks_are_graded_cell_by_cell() {
    judged_rightly(&of_notebooks(), "notebooks");
}

#[test]
fn archives_are_read_within_bounds() {
    judged_rightly(&of_archives(), "archives");
}

#[test]
fn folders_have_neighbours_of_their_own_alone() {
    judged_rightly(&of_folders(), "folders");
}

#[test]
fn encodings_and_classes_are_those_of_courses() {
    judged_rightly(&of_texts(), "encodings and classes");
}

/// A Python with NumPy and a small stand-in for torch, whose tensors are not arrays.
fn with_stand_in_for_torch(python: &Path, folder: &Path) -> PathBuf {
    let make = "import numpy, pathlib, sys, venv; venv.create(sys.argv[1]); \
                lib = next(pathlib.Path(sys.argv[1], 'lib').iterdir()) / 'site-packages'; \
                (lib / 'numpy.pth').write_text(str(pathlib.Path(numpy.__file__).parents[1])); \
                (lib / 'torch.py').write_text(sys.argv[2])";
    let environment = folder.join("python");
    let stand_in = fs::read_to_string(here().join("torch/stand_in.py")).unwrap();
    let made = Command::new(python).args(["-c", make]).arg(&environment).arg(stand_in).status();
    assert!(made.unwrap().success());
    environment.join("bin/python")
}

#[test]
fn tensors_are_given_to_hand_ins_that_work_on_them_alone() {
    let Some(python) = with_numpy("tensors") else { return };
    let folder = tempfile::tempdir().unwrap();
    let python = with_stand_in_for_torch(&python, folder.path());
    let of_class = fs::read_to_string(here().join("torch/of_class.py")).unwrap();
    let one = |name, text: &str, expected| Form {
        name,
        files: vec![("", text.as_bytes().to_vec())],
        expected,
    };
    let (head, methods) = of_class.split_once("class SpatialBatchNorm(object):\n").unwrap();
    let methods =
        methods.replace("    @staticmethod\n", "").replace("def ", "def spatial_batchnorm_");
    let methods = format!("\n{methods}").replace("\n    ", "\n");
    let functions = format!("{head}{methods}");
    let in_place = of_class
        .replace("normalised = (x - wide(mean))", "x -= wide(mean)\n            normalised = x");
    let no_such = of_class.replace("dout.sum(", "dout.summ(");
    let forms = [
        one("of_class.py", &of_class, Passes),
        one("functions.py", &functions, Passes),
        one("arrays.py", &format!("import torch\n{}", right()), Passes),
        one("in_place.py", &in_place, Told("[x_changed_in_place]")),
        one(
            "no_such.py",
            &no_such,
            Told("'Tensor' object has no attribute 'summ' (no_such.py, line "),
        ),
    ];
    let wrong = misjudged(&forms, &python, &[]);
    assert!(wrong.is_empty(), "{} misjudged:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_course_s_own_files_are_seen_after_those_handed_in_and_where_they_lie_is_not_told() {
    let Some(python) = with_numpy("a course's files") else { return };
    let folder = tempfile::tempdir().unwrap();
    let course = folder.path().join("private/course");
    for (path, text) in [
        ("cs231n/__init__.py", ""),
        ("cs231n/layers.py", "raise NotImplementedError\n"),
        ("cs231n/layer_utils.py", &format!("from .more import *\n{WIDENED}")),
        ("cs231n/more.py", "more = 1\n"),
        (
            "cs231n/broken.py",
            "import os\nopen(os.path.join(os.path.dirname(__file__), 'data.npy'))\n",
        ),
    ] {
        let path = course.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let one = |name, import: &str, expected| Form {
        name,
        files: vec![("", with_import(import).into_bytes())],
        expected,
    };
    let raising = b"def widened(values):\n    raise KeyError('x')\n".to_vec();
    let forms = [
        // It has the name of a file of the course, and so its place.
        one("layers.py", "from .layer_utils import *\nfrom . import more", Passes),
        one("anna.py", "from cs231n.layer_utils import widened", Passes),
        one("layers (1).py", "from .layer_utils import *\nfrom . import more", Passes),
        one("jane_LATE_1234_9003_layers-2.py", "from .layer_utils import *", Passes),
        one("broken.py", "import cs231n.broken", Told("'cs231n/data.npy' (broken.py, line 1)")),
        one(
            "writes.py",
            "import cs231n.more\nopen(cs231n.more.__file__, 'w')",
            Told("'cs231n/more.py' (writes.py, line 2)"),
        ),
        Form {
            name: "own_first",
            files: vec![
                ("bn.py", with_import("from cs231n.layer_utils import *").into_bytes()),
                ("cs231n/layer_utils.py", raising),
            ],
            expected: Told("KeyError: 'x' (cs231n/layer_utils.py, line 2)"),
        },
    ];
    let course_argument = ["--course", course.to_str().unwrap()];
    let wrong = misjudged(&forms, &python, &course_argument);
    assert!(wrong.is_empty(), "{} misjudged:\n{}", wrong.len(), wrong.join("\n"));
    // The folder of the package does as well as the one that it lies in.
    let package = course.join("cs231n");
    let package = ["--course", package.to_str().unwrap()];
    let wrong = misjudged(&forms[..2], &python, &package);
    assert!(wrong.is_empty(), "{} misjudged:\n{}", wrong.len(), wrong.join("\n"));
    // Without the course, nothing of it is there.
    let told = Told("cs231n.layer_utils.widened is not there when this is graded");
    let alone = [one("anna.py", "from cs231n.layer_utils import widened", told)];
    assert_eq!(misjudged(&alone, &python, &[]), [] as [String; 0]);
}

#[test]
fn a_folder_with_a_program_is_graded_by_the_protocol() {
    let Some(python) = with_numpy("a folder with a program") else { return };
    if !python.is_absolute() {
        return;
    }
    let answer = workspace().join("crates/grader/examples/answer.py");
    // By its name, it is the interpreter that hand-ins in Python are run by.
    let is_named = python.with_file_name("python3").is_file();
    let named = if is_named { "/usr/bin/env python3" } else { python.to_str().unwrap() };
    let program = format!("#!{named}\n{}", fs::read_to_string(answer).unwrap());
    let form = Form {
        name: "program",
        files: vec![("run", program.into_bytes()), ("weights.bin", vec![0; 10])],
        expected: Passes,
    };
    assert_eq!(misjudged(&[form], &python, &[]), [] as [String; 0]);
}
