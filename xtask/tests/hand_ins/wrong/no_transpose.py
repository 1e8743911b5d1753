"""Cuts images into rows without moving the channels to the end first."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    flat = x.reshape(N * H * W, C)
    mean, var = flat.mean(axis=0), flat.var(axis=0)
    if bn_param["mode"] == "train":
        for name, batch in (("running_mean", mean), ("running_var", var)):
            old = bn_param.get(name, np.zeros(C, x.dtype))
            bn_param[name] = momentum * old + (1 - momentum) * batch
    elif bn_param["mode"] == "test":
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    else:
        raise ValueError(bn_param["mode"])
    std = np.sqrt(var + eps)
    normed = (flat - mean) / std
    return (gamma * normed + beta).reshape(x.shape), (normed, gamma, std)


def spatial_batchnorm_backward(dout, cache):
    normed, gamma, std = cache
    N, C, H, W = dout.shape
    flat = dout.reshape(N * H * W, C)
    dgamma, dbeta = (flat * normed).sum(axis=0), flat.sum(axis=0)
    m = N * H * W
    dx = gamma / std / m * (m * flat - dbeta - normed * dgamma)
    return dx.reshape(dout.shape), dgamma, dbeta
