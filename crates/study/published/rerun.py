"""The notebook's two trainings, run again in PyTorch: what reports show beside the published figures.

    python -m pip install --requirement requirements.txt
    FASHION_MNIST_DIR=FOLDER python rerun.py

FOLDER has the four files of Fashion-MNIST. A run takes about two minutes on one thread, and two runs
train side by side. After each run the script writes `rerun.toml` beside it, which the crate `study`
reads: versions, settings, and the validation accuracy after each epoch. Expect other numbers on another
CPU: PyTorch picks its kernels by CPU, and so the rounding of its sums.

Only the convolutional stack `model` is given to the optimiser, as in the notebook. The linear layer
`fc` keeps its random initial weights. A seed is a split into training and validation images, initial
weights, and an order of the images in each epoch.
"""

import argparse
import gzip
import hashlib
import json
import multiprocessing
import os
import pathlib
import platform

import torch
from torch import nn

NETWORKS = ("SimpleNetwork", "SpatialBatchNormNetwork")
IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TRAINING_IMAGES, VALIDATION_IMAGES = 48_000, 12_000
LEARNING_RATE = 5e-4
BATCH_SIZE = 50
EPOCHS = 5


class Network(nn.Module):
    """A network of the notebook, by its name."""

    def __init__(self, name):
        super().__init__()
        layers = []
        for channels, filters in ((1, 16), (16, 32)):
            layers.append(nn.Conv2d(channels, filters, kernel_size=3, padding=1))
            if name == "SpatialBatchNormNetwork":
                layers.append(nn.BatchNorm2d(filters))
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
        self.model = nn.Sequential(*layers)
        self.fc = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x):
        return self.fc(self.model(x).flatten(1))


def read(path, header):
    """The bytes of a file after its IDX header, and the SHA-256 of the file."""
    packed = path.read_bytes()
    values = torch.frombuffer(bytearray(gzip.decompress(packed)[header:]), dtype=torch.uint8)
    return values, hashlib.sha256(packed).hexdigest()


def accuracy(network, images, labels):
    network.eval()
    with torch.no_grad():
        right = sum((network(x).argmax(1) == y).sum().item()
                    for x, y in zip(images.split(1000), labels.split(1000)))
    network.train()
    return right / len(labels)


def load(folder):
    """All training images and their labels, and the SHA-256 of their files."""
    pixels, images_sha256 = read(folder / IMAGES, 16)
    labels, labels_sha256 = read(folder / LABELS, 8)
    return pixels.view(-1, 1, 28, 28) / 255, labels.long(), (images_sha256, labels_sha256)


def run(arguments):
    """The validation accuracy after each epoch."""
    folder, name, seed = arguments
    torch.set_num_threads(1)
    images, labels, _ = load(folder)
    generator = torch.Generator().manual_seed(seed)
    training, validation = torch.randperm(len(labels), generator=generator).split(
        [TRAINING_IMAGES, VALIDATION_IMAGES])
    torch.manual_seed(seed)
    network = Network(name)
    optimizer = torch.optim.Adam(network.model.parameters(), lr=LEARNING_RATE)
    accuracies = []
    for _ in range(EPOCHS):
        order = training[torch.randperm(TRAINING_IMAGES, generator=generator)]
        for batch in order.split(BATCH_SIZE):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()
        accuracies.append(accuracy(network, images[validation], labels[validation]))
    return accuracies


def table(name, entries):
    """A table of TOML; strings, numbers and lists of numbers are written there as in JSON."""
    return "\n".join([name, *(f"{key} = {json.dumps(value)}" for key, value in entries.items()), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each network [3]")
    parser.add_argument("--side-by-side", type=int, default=2, metavar="N",
                        help="runs at a time, which change no number [2]")
    parser.add_argument("--out", type=pathlib.Path, help="the file to write [rerun.toml here]",
                        default=pathlib.Path(__file__).parent / "rerun.toml")
    arguments = parser.parse_args()
    folder = pathlib.Path(os.environ.get("FASHION_MNIST_DIR", "data/fashion-mnist"))
    for name in (IMAGES, LABELS):
        if not (folder / name).is_file():
            parser.error(f"{folder / name} is not there; FASHION_MNIST_DIR names the folder that has it")
    _, _, sha256 = load(folder)
    tables = [
        "# Written by rerun.py, which says what this is. Not to be edited.\n",
        table("[versions]", {
            "python": platform.python_version(),
            "torch": torch.__version__.split("+")[0],
        }),
        table("[settings]", {
            "optimizer": "Adam over model.parameters()",
            "learning_rate": LEARNING_RATE,
            "batch_size": BATCH_SIZE,
            "epochs": EPOCHS,
            "training_images": TRAINING_IMAGES,
            "validation_images": VALIDATION_IMAGES,
            "threads": 1,
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        }),
        table("[data]", {file.split(".")[0]: hash for file, hash in zip((IMAGES, LABELS), sha256)}),
    ]
    runs = [(folder, name, seed) for seed in range(arguments.seeds) for name in NETWORKS]
    with multiprocessing.get_context("spawn").Pool(arguments.side_by_side) as pool:
        for (_, name, seed), accuracies in zip(runs, pool.imap(run, runs)):
            print(f"{name}, seed {seed}:", *(f"{value:.4f}" for value in accuracies), flush=True)
            tables.append(table("[[run]]", {
                "network": name, "seed": seed, "validation_accuracy": accuracies}))
            # The whole file is replaced at once, so that it is never half a file.
            draft = arguments.out.with_suffix(".part")
            draft.write_text("\n".join(tables), encoding="utf-8")
            draft.replace(arguments.out)


if __name__ == "__main__":
    main()
