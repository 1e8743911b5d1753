"""What PyTorch says of the loss along its gradient, for `../landscape.rs`.

    python -m pip install --requirement ../../../../fixtures/generate/requirements.txt
    python make.py

It writes `expected.csv` here: for each training of `fixtures/training/` at its first step, the loss at
w - rate * g, the distance of the gradient there from g, and that distance per distance moved. It takes
weights and images from the fixtures, and reads nothing of the crate that it judges.
"""

import csv
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parents[3] / "fixtures"
sys.path.insert(0, str(FIXTURES / "generate"))
sys.dont_write_bytecode = True

import numpy as np  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

import trajectories  # noqa: E402

RATES = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]


def main():
    with open(HERE / "expected.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["training", "rate", "loss", "change", "smoothness"])
        for spec in trajectories.SPECS:
            positions = np.load(FIXTURES / "training" / spec.name / "batches.npy")[0]
            images = torch.tensor(trajectories.pixels(positions, spec.size)).to(torch.float64) / 255
            labels = torch.tensor(trajectories.labels(positions))
            state = load_file(FIXTURES / "training" / spec.name / "initial.safetensors")

            def at(weights):
                """The loss with these trained parameters, or those of the file, and its gradient."""
                network = trajectories.Network(spec).to(torch.float64)
                network.load_state_dict(state)
                trained = network.trained(spec.head)
                if weights is not None:
                    torch.nn.utils.vector_to_parameters(weights, trained)
                loss = torch.nn.functional.cross_entropy(network(images), labels)
                gradient = torch.autograd.grad(loss, trained)
                flat = torch.cat([one.reshape(-1) for one in gradient])
                return loss.item(), flat, torch.nn.utils.parameters_to_vector(trained).detach()

            _, gradient, weights = at(None)
            for rate in RATES:
                loss, there, _ = at(weights - rate * gradient)
                change = (there - gradient).norm().item()
                moved = (rate * gradient).norm().item()
                out.writerow([spec.name, rate, loss, change, change / moved])


main()
