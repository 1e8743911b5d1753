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
