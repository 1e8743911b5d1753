"""The exercise in Python: spatial batch normalisation over (N, C, H, W).

Fill in the two functions at the end, while

    cargo xtask grade --python crates/exercise/python/layers.py --watch

grades them at every save. README.md beside this file is the lesson.
"""

import numpy as np


def plain_batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalisation of the columns of x, supplied. Call it, or write everything yourself.

    x is (N, D); gamma and beta are (D,). bn_param is a dictionary: "mode" is "train" or "test"; "eps",
    "momentum", "running_mean" and "running_var" may be missing. Returns out, of the shape of x, and
    the cache for the backward pass. In training it updates the running statistics in bn_param.
    """
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    features = x.shape[1]
    running_mean = bn_param.get("running_mean", np.zeros(features, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(features, dtype=x.dtype))
    if mode == "train":
        mean = x.mean(axis=0)
        var = ((x - mean) ** 2).mean(axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    elif mode == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"mode: found {mode!r}, expected 'train' or 'test'")
    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    scale = 1 / np.sqrt(var + eps)
    x_hat = (x - mean) * scale
    return gamma * x_hat + beta, (x_hat, gamma, scale, mode)


def plain_batchnorm_backward(dout, cache):
    """The gradients (dx, dgamma, dbeta) of plain_batchnorm_forward, supplied. dout is (N, D)."""
    x_hat, gamma, scale, mode = cache
    n = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    if mode == "test":
        return dout * gamma * scale, dgamma, dbeta
    dx = gamma * scale * (dout - dbeta / n - x_hat * dgamma / n)
    return dx, dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Task 1. Normalises each channel of x over the batch and all positions, then scales it by gamma
    and shifts it by beta.

    x is (N, C, H, W); gamma and beta are (C,). Returns out, of the shape of x, and the cache for the
    backward pass. In training it updates the running statistics in bn_param.
    """
    raise NotImplementedError("task 1, spatial_batchnorm_forward, is not written yet")


def spatial_batchnorm_backward(dout, cache):
    """Task 2. The gradients (dx, dgamma, dbeta) of your forward pass. dout is (N, C, H, W)."""
    raise NotImplementedError("task 2, spatial_batchnorm_backward, is not written yet")
