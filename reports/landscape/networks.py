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

import torch
from torch import nn


class Noisy:
    """Batch norm whose output y becomes s * y + m in training, with noise of each image and channel.

    Each channel has a mean of m in U(-0.5, 0.5) and of s in U(1, 1.25), drawn anew in each step. m is
    within 0.1 of its mean, and s has a standard deviation of 0.1. The numbers are PyTorch's own.
    """

    def forward(self, x):
        out = super().forward(x)
        if not self.training:
            return out
        channel = torch.rand(2, x.shape[1], device=x.device)
        image = torch.rand(x.shape[0], x.shape[1], device=x.device)
        shift = channel[0] - 0.5 + 0.2 * image - 0.1
        scale = 1 + 0.25 * channel[1] + 0.1 * torch.randn_like(image)
        shape = x.shape[:2] + (1,) * (x.dim() - 2)
        return scale.view(shape) * out + shift.view(shape)


class NoisyBatchNorm1d(Noisy, nn.BatchNorm1d):
    """Of rows."""


class NoisyBatchNorm2d(Noisy, nn.BatchNorm2d):
    """Of images."""


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


class Conv16_32NoisyBatchNormRelu(nn.Module):
    """conv-16-32_noisy-batch-norm_relu: 20,586 parameters."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            NoisyBatchNorm2d(16, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            NoisyBatchNorm2d(32, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(self.flatten(self.model(images)))
