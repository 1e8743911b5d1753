"""A right hand-in, which shows whether this machine can grade: see self_check.rs."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps = bn_param["mode"], bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    zeros = np.zeros(x.shape[1], dtype=x.dtype)
    running_mean = bn_param.get("running_mean", zeros)
    running_var = bn_param.get("running_var", zeros)
    if mode == "train":
        mean = x.mean(axis=0)
        var = x.var(axis=0)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    elif mode == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"mode is {mode!r}, expected 'train' or 'test'")
    inverse = 1 / np.sqrt(var + eps)
    normalized = (x - mean) * inverse
    return gamma * normalized + beta, (mode, normalized, gamma.copy(), inverse)


def batchnorm_backward(dout, cache):
    mode, normalized, gamma, inverse = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * normalized).sum(axis=0)
    dnormalized = dout * gamma
    if mode == "test":
        return dnormalized * inverse, dgamma, dbeta
    mean = dnormalized.mean(axis=0)
    projection = (dnormalized * normalized).mean(axis=0)
    return inverse * (dnormalized - mean - normalized * projection), dgamma, dbeta


def rows(x):
    return x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])


def images(rows, shape):
    n, c, h, w = shape
    return rows.reshape(n, h, w, c).transpose(0, 3, 1, 2)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out, cache = batchnorm_forward(rows(x), gamma, beta, bn_param)
    return images(out, x.shape), cache


def spatial_batchnorm_backward(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward(rows(dout), cache)
    return images(dx, dout.shape), dgamma, dbeta
