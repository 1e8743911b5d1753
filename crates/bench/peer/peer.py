"""PyTorch's side of `cargo xtask bench --against torch`.

    peer.py serve THREADS IMAGES    names its settings, then answers one request per line: a piece of
                                    work in one setting, and how long to repeat it
    peer.py memory THREADS IMAGES   trains in a process of its own, and answers the memory it took
    peer.py bits THREADS IMAGES     trains 16 steps, and answers the hash of the weights and the
                                    instruction set
    peer.py study THREADS IMAGES    trains both networks for one epoch by PyTorch Lightning

IMAGES is a file of images of 28 × 28 bytes, followed by one byte per label. The other side trains on
the same images: 48,000 of them, fewer for `bits`; the images of a race have those to validate with
behind those to train with. Each answer is one line of JSON. What is not `serve` has the first setting.
"""

import contextlib
import dataclasses
import hashlib
import json
import resource
import sys
import tempfile
import time

import numpy as np
import torch
from torch import nn

PIXELS = 28 * 28
BATCH = 50
LEARNING_RATE = 5e-4
STEPS_FOR_BITS = 16
STEPS_FOR_MEMORY = 200
VALIDATION_IMAGES = 12_000
WARM_UP_STEPS = 20


@dataclasses.dataclass(frozen=True)
class Setting:
    """One way in which a user has PyTorch work."""

    name: str
    channels_last: bool = False
    fused_adam: bool = False
    compiled: bool = False

    @property
    def memory_format(self):
        return torch.channels_last if self.channels_last else torch.contiguous_format

    @property
    def times_kernels(self):
        """A kernel has neither an optimiser nor anything to compile it with."""
        return not (self.fused_adam or self.compiled)


SETTINGS = [
    Setting("default"),
    Setting("channels_last", channels_last=True),
    Setting("channels_last, fused Adam", channels_last=True, fused_adam=True),
    Setting("torch.compile", compiled=True),
    Setting("torch.compile, channels_last", channels_last=True, compiled=True),
]


def read_images(path):
    """Images (N, 1, 28, 28) in [0, 1], and labels (N,), as tensors in memory."""
    content = np.fromfile(path, np.uint8)
    count = len(content) // (PIXELS + 1)
    images, labels = content[:count * PIXELS], content[count * PIXELS:]
    return (torch.tensor(images).reshape(count, 1, 28, 28).to(torch.float32) / 255,
            torch.tensor(labels).to(torch.int64))


def network(name):
    layers = []
    for channels, filters in ((1, 16), (16, 32)):
        layers.append(nn.Conv2d(channels, filters, 3, padding=1))
        if name == "spatial_batch_norm_network":
            layers.append(nn.BatchNorm2d(filters))
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 7 * 7, 10))


class Training:
    """A network, its optimiser, and the images on which all its parameters are trained."""

    def __init__(self, name, images, labels, setting=SETTINGS[0]):
        torch.manual_seed(0)
        self.setting = setting
        self.network = network(name).train().to(memory_format=setting.memory_format)
        # Shares the parameters, and is compiled in the first step.
        self.forward = torch.compile(self.network) if setting.compiled else self.network
        self.make_optimizer()
        self.images, self.labels = images.to(memory_format=setting.memory_format), labels

    def make_optimizer(self):
        options = {"fused": True} if self.setting.fused_adam else {}
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE, **options)

    def restart(self, seed):
        """Draws parameters anew, as PyTorch does by default."""
        torch.manual_seed(seed)
        for module in self.network:
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        self.make_optimizer()

    def steps(self, count, order=None):
        """Trains on the first `count` batches of the images, in this order or in a new one."""
        if order is None:
            order = torch.randperm(len(self.images))
        for positions in order.split(BATCH)[:count]:
            logits = self.forward(self.images[positions])
            loss = nn.functional.cross_entropy(logits, self.labels[positions])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def accuracy(self, images, labels):
        self.network.eval()
        with torch.no_grad():
            logits = torch.cat([self.network(batch) for batch in images.split(1000)])
        self.network.train()
        return (logits.argmax(1) == labels).double().mean().item()


def batch_norm(shape, memory_format):
    x = torch.randn(shape).to(memory_format=memory_format).requires_grad_()
    dout = torch.randn(shape).to(memory_format=memory_format)
    channels = shape[1]
    gamma, beta = (torch.rand(channels, requires_grad=True) for _ in range(2))
    mean, var = torch.zeros(channels), torch.ones(channels)

    def call():
        out = nn.functional.batch_norm(x, mean, var, gamma, beta, training=True)
        torch.autograd.grad(out, (x, gamma, beta), dout)

    return call


def convolution(shape, filters, input_gradient, memory_format):
    def random(*shape):
        return torch.randn(shape).to(memory_format=memory_format)

    x = random(*shape).requires_grad_(input_gradient)
    weight = random(filters, shape[1], 3, 3).requires_grad_()
    bias = torch.randn(filters, requires_grad=True)
    dout = random(shape[0], filters, *shape[2:])
    inputs = (x, weight, bias) if input_gradient else (weight, bias)

    def call():
        out = nn.functional.conv2d(x, weight, bias, padding=1)
        torch.autograd.grad(out, inputs, dout)

    return call


def seconds_per_call(call, at_least):
    start = time.perf_counter()
    calls = 0
    while True:
        call()
        calls += 1
        elapsed = time.perf_counter() - start
        if elapsed >= at_least:
            return elapsed / calls


def warmed_up(name, images, labels, setting):
    """A training whose first steps, in which PyTorch compiles, are behind it."""
    training = Training(name, images, labels, setting)
    training.steps(WARM_UP_STEPS)
    return training


def race(work, images, labels, setting):
    """Trains until an accuracy is reached: the seconds of training and the accuracy of each epoch."""
    count = work["training_images"]
    training = warmed_up(work["network"], images[:count], labels[:count], setting)
    training.restart(work["seed"])
    epochs = []
    for _ in range(work["most_epochs"]):
        start = time.perf_counter()
        training.steps(None)
        seconds = time.perf_counter() - start
        accuracy = training.accuracy(images[count:], labels[count:])
        epochs.append({"seconds": seconds, "accuracy": accuracy})
        if accuracy >= work["accuracy"]:
            break
    return epochs


def prepare(work, images, labels, setting):
    match work:
        case {"work": "batch_norm", "shape": shape}:
            call = batch_norm(shape, setting.memory_format)
        case {"work": "convolution", "shape": shape, "filters": filters,
              "input_gradient": input_gradient}:
            call = convolution(shape, filters, input_gradient, setting.memory_format)
        case {"work": "epoch", "network": name, "steps": steps}:
            training = warmed_up(name, images, labels, setting)
            return lambda: training.steps(steps)
    call()
    return call


def serve(images, labels):
    settings = {setting.name: setting for setting in SETTINGS}
    work, prepared = None, {}
    for line in sys.stdin:
        request = json.loads(line)
        setting = settings[request["setting"]]
        if request["work"]["work"] == "race":
            answer({"epochs": race(request["work"], images, labels, setting)})
            continue
        if request["work"] != work:
            work, prepared = request["work"], {}
        try:
            if setting not in prepared:
                prepared[setting] = prepare(work, images, labels, setting)
        except Exception as error:
            if not setting.compiled:
                raise
            # Most often there is no compiler here.
            lines = str(error).strip().splitlines() or [""]
            answer({"refused": f"{type(error).__name__}: {lines[0]}"})
            continue
        answer({"seconds": seconds_per_call(prepared[setting], request["at_least"])})


def memory(images, labels):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Training("spatial_batch_norm_network", images, labels).steps(STEPS_FOR_MEMORY)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data = images.nbytes + labels.nbytes
    answer({"peak_bytes": 1024 * peak, "data_bytes": data, "idle_bytes": 1024 * before - data})


def bits(images, labels):
    """The initial weights are NumPy's and the images are in order, so that nothing differs before step 0."""
    training = Training("spatial_batch_norm_network", images, labels)
    random = np.random.default_rng(0)
    with torch.no_grad():
        for module in training.network:
            if isinstance(module, nn.Conv2d | nn.Linear):
                bound = 1 / np.sqrt(module.weight[0].numel())
                for parameter in module.parameters():
                    values = random.uniform(-bound, bound, tuple(parameter.shape))
                    parameter.copy_(torch.from_numpy(values))
    training.steps(STEPS_FOR_BITS, torch.arange(len(images)))
    digest = hashlib.sha256()
    for tensor in training.network.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    instruction_set = torch.backends.cpu.get_cpu_capability().lower()
    answer({"sha256": digest.hexdigest(), "instruction_set": instruction_set})


def study(images, labels):
    """An epoch of each network with data loaders, logging, checkpoint and validation, as the
    notebook trains: the linear head is not given to the optimiser. The images are tensors in memory,
    which is kinder than a data set of files, and there is no progress bar."""
    try:
        import lightning
        import tensorboard  # noqa: F401, which the logger takes
        from lightning.pytorch.loggers import TensorBoardLogger
        from torch.utils.data import DataLoader, TensorDataset
    except ImportError:
        return answer({"seconds": None, "lightning": None})

    class Module(lightning.LightningModule):
        def __init__(self, name):
            super().__init__()
            self.network = network(name)

        def training_step(self, batch, _):
            images, labels = batch
            loss = nn.functional.cross_entropy(self.network(images), labels)
            self.log("train/loss", loss)
            return loss

        def validation_step(self, batch, _):
            images, labels = batch
            logits = self.network(images)
            self.log("val/loss", nn.functional.cross_entropy(logits, labels))
            self.log("val/acc", (logits.argmax(1) == labels).float().mean())

        def configure_optimizers(self):
            return torch.optim.Adam(self.network[:-2].parameters(), lr=LEARNING_RATE)

    training = DataLoader(TensorDataset(images, labels), batch_size=BATCH, shuffle=True)
    validation = TensorDataset(images[:VALIDATION_IMAGES], labels[:VALIDATION_IMAGES])
    validation = DataLoader(validation, batch_size=BATCH)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        for name in ("simple_network", "spatial_batch_norm_network"):
            trainer = lightning.Trainer(max_epochs=1, accelerator="cpu", enable_progress_bar=False,
                                        logger=TensorBoardLogger(folder, name))
            trainer.fit(Module(name), training, validation)
    answer({"seconds": time.perf_counter() - start, "lightning": lightning.__version__})


def answer(content):
    print(json.dumps(content), flush=True)


def main():
    mode, threads, path = sys.argv[1:]
    torch.set_num_threads(int(threads))
    images, labels = read_images(path)
    if mode == "serve":
        settings = [{"name": setting.name, "times_kernels": setting.times_kernels}
                    for setting in SETTINGS]
        answer({"torch": torch.__version__, "settings": settings})
    {"serve": serve, "memory": memory, "bits": bits, "study": study}[mode](images, labels)


if __name__ == "__main__":
    main()
