"""Computes in double precision whatever comes in, and answers in the type of x."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    kind = x.dtype
    x64 = x.astype(np.float64)
    shape = (1, -1, 1, 1)
    g, b = np.asarray(gamma, np.float64), np.asarray(beta, np.float64)
    mean = bn_param.get("running_mean", np.zeros(x.shape[1], kind)).astype(np.float64)
    var = bn_param.get("running_var", np.zeros(x.shape[1], kind)).astype(np.float64)
    if mode == "train":
        axes = (0, 2, 3)
        momentum = bn_param.get("momentum", 0.9)
        batch_mean, batch_var = x64.mean(axis=axes), x64.var(axis=axes)
        bn_param["running_mean"] = (mean + (1 - momentum) * (batch_mean - mean)).astype(kind)
        bn_param["running_var"] = (var + (1 - momentum) * (batch_var - var)).astype(kind)
        mean, var = batch_mean, batch_var
    elif mode == "test":
        bn_param["running_mean"] = mean.astype(kind)
        bn_param["running_var"] = var.astype(kind)
    else:
        raise KeyError(mode)
    std = np.sqrt(var + bn_param.get("eps", 1e-5)).reshape(shape)
    xhat = (x64 - mean.reshape(shape)) / std
    out = g.reshape(shape) * xhat + b.reshape(shape)
    return out.astype(kind), (xhat, g.reshape(shape), std, kind)


def spatial_batchnorm_backward(dout, cache):
    xhat, g, std, kind = cache
    d = dout.astype(np.float64)
    m = d.size // d.shape[1]
    total = lambda a: a.sum(axis=(0, 2, 3), keepdims=True)
    dbeta, dgamma = total(d), total(d * xhat)
    dx = (g / (m * std)) * (m * d - dbeta - xhat * dgamma)
    return dx.astype(kind), dgamma.ravel().astype(kind), dbeta.ravel().astype(kind)
