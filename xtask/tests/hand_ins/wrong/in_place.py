"""Right numbers, but x, dout and the running arrays are written into."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    wide = (1, -1, 1, 1)
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    for name in ("running_mean", "running_var"):
        bn_param.setdefault(name, np.zeros(x.shape[1], x.dtype))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        for name, batch in (("running_mean", mean), ("running_var", var)):
            bn_param[name] *= momentum
            bn_param[name] += (1 - momentum) * batch
    elif bn_param["mode"] == "test":
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    else:
        raise ValueError(bn_param["mode"])
    x -= mean.reshape(wide)
    std = np.sqrt(var + eps)
    normed = x / std.reshape(wide)
    return gamma.reshape(wide) * normed + beta.reshape(wide), (normed, gamma, std)


def spatial_batchnorm_backward(dout, cache):
    normed, gamma, std = cache
    mean = lambda values: values.mean(axis=(0, 2, 3), keepdims=True)
    dgamma, dbeta = (dout * normed).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    dout *= (gamma / std).reshape(1, -1, 1, 1)
    dout -= mean(dout) + normed * mean(dout * normed)
    return dout, dgamma, dbeta
