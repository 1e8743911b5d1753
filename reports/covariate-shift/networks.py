"""The networks of a study as PyTorch modules, written together with its report.

Needs torch and safetensors. A cell of the study has its network after each epoch in
`weights/epoch=N.safetensors`. To load one:

    from networks import Linear100_100_100Sigmoid
    from safetensors.torch import load_file

    network = Linear100_100_100Sigmoid()
    network.load_state_dict(load_file("weights/epoch=1.safetensors"))
    network.eval()

`network(images)` then gives the logits (N, 10) of float32 images (N, 1, 28, 28), whose pixels are
divided by 255.

`eval()` is what makes a batch norm use the running statistics of the file, whose variances are
unbiased, as PyTorch's are. The file's `num_batches_tracked` counts the training batches. Loading asks
for it, and evaluation does not use it.
"""

from torch import nn


class Linear100_100_100Sigmoid(nn.Module):
    """linear-100-100-100_sigmoid: 99,710 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.Sigmoid(),
            nn.Linear(100, 100),
            nn.Sigmoid(),
            nn.Linear(100, 100),
            nn.Sigmoid(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear100_100_100BatchNormSigmoid(nn.Module):
    """linear-100-100-100_batch-norm_sigmoid: 100,310 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.Sigmoid(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.Sigmoid(),
            nn.Linear(100, 100),
            nn.BatchNorm1d(100, eps=1e-5, momentum=0.1),
            nn.Sigmoid(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))
