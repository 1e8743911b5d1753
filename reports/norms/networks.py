"""The networks of a study as PyTorch modules, written together with its report.

Needs torch and safetensors. A cell of the study has its network after each epoch in
`weights/epoch=N.safetensors`. To load one:

    from networks import SimpleNetwork
    from safetensors.torch import load_file

    network = SimpleNetwork()
    network.load_state_dict(load_file("weights/epoch=1.safetensors"))
    network.eval()

`network(images)` then gives the logits (N, 10) of float32 images (N, 1, 28, 28), whose pixels are
divided by 255.

`eval()` is what makes a batch norm use the running statistics of the file, whose variances are
unbiased, as PyTorch's are. The file's `num_batches_tracked` counts the training batches. Loading asks
for it, and evaluation does not use it.
"""

from torch import nn


class SimpleNetwork(nn.Module):
    """conv-16-32_relu: 20,490 parameters."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(self.flatten(self.model(images)))


class SpatialBatchNormNetwork(nn.Module):
    """conv-16-32_batch-norm_relu: 20,586 parameters."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.BatchNorm2d(16, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.BatchNorm2d(32, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(self.flatten(self.model(images)))


class Conv16_32GroupNorm1Relu(nn.Module):
    """conv-16-32_group-norm-1_relu: 20,586 parameters."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.GroupNorm(1, 16, eps=1e-5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.GroupNorm(1, 32, eps=1e-5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(self.flatten(self.model(images)))


class Conv16_32InstanceNormRelu(nn.Module):
    """conv-16-32_instance-norm_relu: 20,586 parameters."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.GroupNorm(16, 16, eps=1e-5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.GroupNorm(32, 32, eps=1e-5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(self.flatten(self.model(images)))


class Conv16_32GroupNorm4Relu(nn.Module):
    """conv-16-32_group-norm-4_relu: 20,586 parameters."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.GroupNorm(4, 16, eps=1e-5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.GroupNorm(4, 32, eps=1e-5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(self.flatten(self.model(images)))
