"""A channel at a time, and plain Python for the backward pass's sums."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    if bn_param["mode"] not in ("train", "test"):
        raise NotImplementedError(bn_param["mode"])
    training = bn_param["mode"] == "train"
    momentum, eps = bn_param.get("momentum", 0.9), bn_param.get("eps", 1e-5)
    running_mean = np.array(bn_param.get("running_mean", np.zeros(C, x.dtype)))
    running_var = np.array(bn_param.get("running_var", np.zeros(C, x.dtype)))
    out, normed = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)
    stds = []
    for c in range(C):
        channel = x[:, c]
        if training:
            mean, var = np.mean(channel), np.var(channel)
            running_mean[c] = momentum * running_mean[c] + (1 - momentum) * mean
            running_var[c] = momentum * running_var[c] + (1 - momentum) * var
        else:
            mean, var = running_mean[c], running_var[c]
        std = np.sqrt(var + eps)
        stds.append(std)
        normed[:, c] = (channel - mean) / std
        out[:, c] = gamma[c] * normed[:, c] + beta[c]
    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    return out, dict(normed=normed, gamma=np.array(gamma), stds=stds, training=training)


def spatial_batchnorm_backward(dout, cache):
    normed, gamma, stds = cache["normed"], cache["gamma"], cache["stds"]
    if not cache["training"]:
        raise RuntimeError("there is no backward pass at test time")
    N, C, H, W = dout.shape
    dx = np.empty(dout.shape, dout.dtype)
    dgamma, dbeta = np.zeros(C, dout.dtype), np.zeros(C, dout.dtype)
    for c in range(C):
        for n in range(N):
            for h in range(H):
                for w in range(W):
                    dbeta[c] += dout[n, c, h, w]
                    dgamma[c] += dout[n, c, h, w] * normed[n, c, h, w]
        m = N * H * W
        centred = dout[:, c] - dbeta[c] / m - normed[:, c] * (dgamma[c] / m)
        dx[:, c] = gamma[c] / stds[c] * centred
    return dx, dgamma, dbeta
