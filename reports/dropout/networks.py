"""The networks of a study as PyTorch modules, written together with its report.

Needs torch and safetensors. A cell of the study has its network after each epoch in
`weights/epoch=N.safetensors`. To load one:

    from networks import Linear200_200BatchNormRelu
    from safetensors.torch import load_file

    network = Linear200_200BatchNormRelu()
    network.load_state_dict(load_file("weights/epoch=1.safetensors"))
    network.eval()

`network(images)` then gives the logits (N, 10) of float32 images (N, 1, 28, 28), whose pixels are
divided by 255.

`eval()` is what makes a batch norm use the running statistics of the file, whose variances are
unbiased, as PyTorch's are. The file's `num_batches_tracked` counts the training batches. Loading asks
for it, and evaluation does not use it.
"""

from torch import nn


class Linear200_200BatchNormRelu(nn.Module):
    """linear-200-200_batch-norm_relu: 200,010 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 200),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(200, 200),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(200, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear200_200BatchNormReluDropout0_2(nn.Module):
    """linear-200-200_batch-norm_relu_dropout-0.2: 200,010 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 200),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Dropout(p=0.2),
            nn.Linear(200, 200),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Dropout(p=0.2),
            nn.Linear(200, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear200_200BatchNormReluDropout0_5(nn.Module):
    """linear-200-200_batch-norm_relu_dropout-0.5: 200,010 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 200),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Dropout(p=0.5),
            nn.Linear(200, 200),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Dropout(p=0.5),
            nn.Linear(200, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear200_200BatchNormReluDropout0_2BeforeNorm(nn.Module):
    """linear-200-200_batch-norm_relu_dropout-0.2-before-norm: 200,010 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 200),
            nn.Dropout(p=0.2),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(200, 200),
            nn.Dropout(p=0.2),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(200, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))


class Linear200_200BatchNormReluDropout0_5BeforeNorm(nn.Module):
    """linear-200-200_batch-norm_relu_dropout-0.5-before-norm: 200,010 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.model = nn.Sequential(
            nn.Linear(784, 200),
            nn.Dropout(p=0.5),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(200, 200),
            nn.Dropout(p=0.5),
            nn.BatchNorm1d(200, eps=1e-5, momentum=0.1),
            nn.ReLU(),
            nn.Linear(200, 10),
        )

    def forward(self, images):
        return self.model(self.flatten(images))
