"""Right in all; `course.rs` makes one change at a time in it."""

import numpy as np

AXES = (0, 2, 3)


def wide(vector):
    return np.reshape(vector, (1, -1, 1, 1))


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    zeros = np.zeros(x.shape[1], dtype=x.dtype)
    running_mean = bn_param.get("running_mean", zeros)
    running_var = bn_param.get("running_var", zeros)
    gamma, beta = wide(gamma), wide(beta)
    if mode == "train":
        keep = momentum
        mean = x.mean(axis=AXES)
        variance = x.var(axis=AXES)
        std = wide(np.sqrt(variance + eps))
        normalised = (x - wide(mean)) / std
        bn_param["running_mean"] = keep * running_mean + (1 - keep) * mean
        bn_param["running_var"] = keep * running_var + (1 - keep) * variance
        return gamma * normalised + beta, (normalised, gamma / std)
    if mode == "test":
        x = x - wide(running_mean)
        x = x / wide(np.sqrt(running_var + eps))
        return gamma * x + beta, None
    raise ValueError(f"unknown mode {mode}")


def spatial_batchnorm_backward(dout, cache):
    normalised, scale = cache
    dgamma = (dout * normalised).sum(axis=AXES)
    dbeta = np.sum(dout, axis=AXES)
    n = dout.size // dout.shape[1]
    dx = scale * (dout - wide(dbeta) / n - normalised * wide((normalised * dout).sum(axis=AXES)) / n)
    return dx, dgamma, dbeta
