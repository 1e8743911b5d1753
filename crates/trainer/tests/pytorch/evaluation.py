"""How trained networks evaluate with the population's and with the batch's own statistics, and how far the
variance that their batch norms meet in evaluation is from the running one, by PyTorch.

    python crates/trainer/tests/pytorch/evaluation.py > crates/trainer/tests/pytorch/evaluation.toml

The networks are the final states of the training fixtures, in float64; images and labels are those of
fixtures/generate/trajectories.py, with the libraries of fixtures/generate/requirements.txt. Population
statistics are those of precise batch norm (Wu & Johnson 2021): the moments of each batch norm's input,
seen by a hook while the network is in training mode, pooled over batches as E[x] and E[x^2] - E[x]^2.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "fixtures/generate"))

import trajectories as fixtures  # which holds PyTorch to the kernels of every processor
import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
POPULATION_BATCH, BATCH = 30, 7


def batch(positions, size):
    images = torch.tensor(fixtures.pixels(positions, size)).double() / 255
    return images, torch.tensor(fixtures.labels(positions))


def parts(positions, count):
    return [positions[at:at + count] for at in range(0, len(positions), count)]


def score(network, positions, size, count):
    loss = correct = 0
    for part in parts(positions, count):
        images, labels = batch(part, size)
        logits = network(images)
        loss += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        correct += (logits.argmax(1) == labels).sum().item()
    return loss / len(positions), correct / len(positions)


def population(network, positions, size):
    """Each norm's pooled moments, by its name."""
    sums = {}

    def see(name):
        def hook(_, inputs):
            x = inputs[0]
            x = x.transpose(0, 1).flatten(1)
            first, second = sums.get(name, (0, 0))
            weight = len(inputs[0])
            sums[name] = first + weight * x.mean(1), second + weight * (x**2).mean(1)
        return hook

    hooks = [layer.register_forward_pre_hook(see(name))
             for name, layer in network.named_modules() if isinstance(layer, NORMS)]
    network.train()
    for part in parts(positions, POPULATION_BATCH):
        network(batch(part, size)[0])
    for hook in hooks:
        hook.remove()
    count = len(positions)
    return {name: (first / count, second / count - (first / count)**2)
            for name, (first, second) in sums.items()}


def shift(network, positions, size):
    """Each norm's mean over channels of max(a/b, b/a), with eps in a and b."""
    inputs = {}

    def see(name):
        def hook(_, arguments):
            inputs.setdefault(name, []).append(arguments[0].transpose(0, 1).flatten(1))
        return hook

    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, NORMS)}
    hooks = [layer.register_forward_pre_hook(see(name)) for name, layer in layers.items()]
    network.eval()
    for part in parts(positions, BATCH):
        network(batch(part, size)[0])
    for hook in hooks:
        hook.remove()
    shifts = []
    for name, layer in layers.items():
        met = torch.cat(inputs[name], 1).var(1, unbiased=False) + layer.eps
        learnt = layer.running_var + layer.eps
        shifts.append(torch.maximum(met / learnt, learnt / met).mean())
    return torch.stack(shifts)


def numbers(tensor):
    return "[" + ", ".join(repr(value) for value in tensor.tolist()) + "]"


@torch.no_grad()
def main():
    print("# Made by evaluation.py, which tells what it is.")
    for spec in fixtures.SPECS:
        if spec.network not in ("SpatialBatchNormNetwork", "BatchNormNetwork"):
            continue
        folder = ROOT / "fixtures/training" / spec.name
        state = load_file(folder / "final_f64.safetensors")
        training = np.unique(np.load(folder / "batches.npy"))
        evaluated = np.load(folder / "evaluated.npy")

        def network():
            network = fixtures.Network(spec).double()
            network.load_state_dict(state)
            return network

        print(f"\n[{spec.name}]")
        loss, accuracy = score(network().train(), evaluated, spec.size, BATCH)
        print(f"batch_loss = {loss!r}\nbatch_accuracy = {accuracy!r}")
        print(f"variance_shift = {numbers(shift(network(), evaluated, spec.size))}")
        moments = population(network(), training, spec.size)
        with_moments = network().eval()
        for name, (mean, var) in moments.items():
            layer = with_moments.get_submodule(name)
            layer.running_mean.copy_(mean)
            layer.running_var.copy_(var)
        loss, accuracy = score(with_moments, evaluated, spec.size, BATCH)
        print(f"population_loss = {loss!r}\npopulation_accuracy = {accuracy!r}")
        for name, (mean, var) in moments.items():
            print(f"\n[[{spec.name}.moments]]\nlayer = \"{name}\"")
            print(f"mean = {numbers(mean)}\nvar = {numbers(var)}")


main()
