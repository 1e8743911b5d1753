"""The networks of a study as PyTorch modules, written together with its report.

Needs torch and safetensors. A cell of the study has its network after each epoch in
`weights/epoch=N.safetensors`. To load one:

    from networks import SpatialBatchNormNetwork
    from safetensors.torch import load_file

    network = SpatialBatchNormNetwork()
    network.load_state_dict(load_file("weights/epoch=1.safetensors"))
    network.eval()

`network(images)` then gives the logits (N, 10) of float32 images (N, 1, 28, 28), whose pixels are
divided by 255.

`eval()` is what makes a batch norm use the running statistics of the file, whose variances are
unbiased, as PyTorch's are. The file's `num_batches_tracked` counts the training batches. Loading asks
for it, and evaluation does not use it.
"""

import torch
from torch import nn


class Ghost:
    """Batch norm that in training normalises each `images` images of a batch by their own statistics.

    Running statistics move once per part of the batch. A last part with a single value per channel
    joins the part before it.
    """

    def __init__(self, channels, eps, momentum, images):
        super().__init__(channels, eps=eps, momentum=momentum)
        self.images = images

    def forward(self, x):
        batch_norm = super().forward
        if not self.training:
            return batch_norm(x)
        parts = list(x.split(self.images))
        if len(parts) > 1 and parts[-1].numel() == parts[-1].shape[1]:
            parts[-2:] = [torch.cat(parts[-2:])]
        return torch.cat([batch_norm(part) for part in parts])


class GhostBatchNorm1d(Ghost, nn.BatchNorm1d):
    """Of rows."""


class GhostBatchNorm2d(Ghost, nn.BatchNorm2d):
    """Of images."""


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


class Conv16_32GhostBatchNorm16Relu(nn.Module):
    """conv-16-32_ghost-batch-norm-16_relu: 20,586 parameters."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            GhostBatchNorm2d(16, eps=1e-5, momentum=0.1, images=16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            GhostBatchNorm2d(32, eps=1e-5, momentum=0.1, images=16),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(self.flatten(self.model(images)))
