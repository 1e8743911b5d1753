"""How far PyTorch's networks are from ours; `main.rs` beside this script runs it.

    python -m pip install --requirement requirements.txt
    PYTORCH_PYTHON=python cargo test -p trainer --test all pytorch

The argument is a folder with `networks.py` and, for each of its networks, NAME.weights.safetensors,
NAME.logits.safetensors (`images`, their `logits` in evaluation and, of a network that draws nothing,
`training_logits`) and NAME.after.safetensors: the network after that forward pass in training. For
each network the script prints one line: the name, and the largest difference of logits in evaluation,
of logits in training, and of the state after it, relative to the largest value where that exceeds 1.
"""

import pathlib
import sys

import torch
from safetensors.torch import load_file

folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
sys.dont_write_bytecode = True

import networks  # noqa: E402


def difference(ours, theirs):
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return ((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1)).item()


for path in sorted(folder.glob("*.weights.safetensors")):
    name = path.name.split(".")[0]
    network = getattr(networks, name)()
    network.load_state_dict(load_file(path), strict=True)
    expected = load_file(folder / f"{name}.logits.safetensors")
    with torch.no_grad():
        found = [difference(network.eval()(expected["images"]), expected["logits"])]
        if "training_logits" in expected:
            found.append(difference(network.train()(expected["images"]), expected["training_logits"]))
            after = load_file(folder / f"{name}.after.safetensors")
            state = network.state_dict()
            found.append(max(difference(state[key], value) for key, value in after.items()
                             if not key.endswith("num_batches_tracked")))
    print(name, *found)
