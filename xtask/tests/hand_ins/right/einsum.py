"""Sums by einsum, the backward pass in one formula."""

import numpy as np

try:
    from numba import njit
except ImportError:
    def njit(function):
        return function


@njit
def per_channel(v):
    return v[None, :, None, None]


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps = bn_param["mode"], bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    n = x.shape[0] * x.shape[2] * x.shape[3]
    zeros = np.zeros(x.shape[1], dtype=x.dtype)
    running_mean = bn_param.setdefault("running_mean", zeros)
    running_var = bn_param.setdefault("running_var", zeros.copy())
    if mode == "train":
        mean = np.einsum("nchw->c", x) / n
        centred = x - per_channel(mean)
        var = np.einsum("nchw,nchw->c", centred, centred) / n
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    elif mode == "test":
        centred = x - per_channel(running_mean)
        var = running_var
    else:
        raise ValueError(f"unknown mode {mode}")
    scale = 1 / np.sqrt(var + eps)
    normed = np.einsum("nchw,c->nchw", centred, scale)
    out = np.einsum("nchw,c->nchw", normed, gamma) + per_channel(beta)
    return out, (mode, normed, gamma.copy(), scale)


def spatial_batchnorm_backward(dout, cache):
    mode, normed, gamma, scale = cache
    dbeta = np.einsum("nchw->c", dout)
    dgamma = np.einsum("nchw,nchw->c", dout, normed)
    if mode == "test":
        return np.einsum("nchw,c->nchw", dout, gamma * scale), dgamma, dbeta
    n = dout.size / dout.shape[1]
    centred = dout - per_channel(dbeta / n) - normed * per_channel(dgamma / n)
    return centred * per_channel(gamma * scale), dgamma, dbeta
