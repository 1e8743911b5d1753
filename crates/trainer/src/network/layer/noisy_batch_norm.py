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
