"""The networks of a study as PyTorch modules, written together with its report.

Needs torch and safetensors. A cell of the study has its network after each epoch in
`weights/epoch=N.safetensors`. To load one:

    from networks import Linear100_100_100_100_100_100_100ReluInit0_0001
    from safetensors.torch import load_file

    network = Linear100_100_100_100_100_100_100ReluInit0_0001()
    network.load_state_dict(load_file("weights/epoch=1.safetensors"))
    network.eval()

`network(images)` then gives the logits (N, 10) of float32 images (N, 1, 28, 28), whose pixels are
divided by 255.

`eval()` is what makes a batch norm use the running statistics of the file, whose variances are
unbiased, as PyTorch's are. The file's `num_batches_tracked` counts the training batches. Loading asks
for it, and evaluation does not use it.
"""

from torch import nn


class Linear100_100_100_100_100_100_100ReluInit0_0001(nn.Module):
    """linear-100-100-100-100-100-100-100_relu_init-0.0001: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100ReluInit0_001(nn.Module):
    """linear-100-100-100-100-100-100-100_relu_init-0.001: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100ReluInit0_01(nn.Module):
    """linear-100-100-100-100-100-100-100_relu_init-0.01: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100ReluInit0_03(nn.Module):
    """linear-100-100-100-100-100-100-100_relu_init-0.03: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100ReluInit0_1(nn.Module):
    """linear-100-100-100-100-100-100-100_relu_init-0.1: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100ReluInit0_3(nn.Module):
    """linear-100-100-100-100-100-100-100_relu_init-0.3: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100Relu(nn.Module):
    """linear-100-100-100-100-100-100-100_relu: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100ReluInit3(nn.Module):
    """linear-100-100-100-100-100-100-100_relu_init-3: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100ReluInit10(nn.Module):
    """linear-100-100-100-100-100-100-100_relu_init-10: 140,110 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormReluInit0_0001(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu_init-0.0001: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormReluInit0_001(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu_init-0.001: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormReluInit0_01(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu_init-0.01: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormReluInit0_03(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu_init-0.03: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormReluInit0_1(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu_init-0.1: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormReluInit0_3(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu_init-0.3: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormRelu(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormReluInit3(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu_init-3: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100_100_100_100_100BatchNormReluInit10(nn.Module):
    """linear-100-100-100-100-100-100-100_batch-norm_relu_init-10: 141,510 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))
