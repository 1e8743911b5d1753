"""Right in all, as a class on tensors."""

import torch


def wide(vector):
    return vector.view(1, -1, 1, 1)


class SpatialBatchNorm(object):
    @staticmethod
    def forward(x, gamma, beta, bn_param):
        mode = bn_param["mode"]
        eps = bn_param.get("eps", 1e-5)
        momentum = bn_param.get("momentum", 0.9)
        zeros = torch.zeros(x.shape[1], dtype=x.dtype)
        running_mean = bn_param.get("running_mean", zeros)
        running_var = bn_param.get("running_var", zeros)
        if mode == "train":
            mean = x.mean(dim=(0, 2, 3))
            variance = x.var(dim=(0, 2, 3), unbiased=False)
            std = wide((variance + eps).sqrt())
            normalised = (x - wide(mean)) / std
            bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
            bn_param["running_var"] = momentum * running_var + (1 - momentum) * variance
            return wide(gamma) * normalised + wide(beta), (normalised, wide(gamma) / std)
        if mode == "test":
            normalised = (x - wide(running_mean)) / wide((running_var + eps).sqrt())
            return wide(gamma) * normalised + wide(beta), None
        raise ValueError(f"unknown mode {mode}")

    @staticmethod
    def backward(dout, cache):
        normalised, scale = cache
        dgamma = (dout * normalised).sum(dim=(0, 2, 3))
        dbeta = dout.sum(dim=(0, 2, 3))
        n = dout.numel() // dout.shape[1]
        dx = scale * (dout - wide(dbeta) / n - normalised * wide(dgamma) / n)
        return dx, dgamma, dbeta
