"""As channels_last.py, under what notebooks begin with: settings of packages that are not there when
a file is graded alone."""

import numpy as np
import matplotlib.pyplot as plt
import torch

from course.settings import jit

plt.rcParams["figure.figsize"] = (10.0, 8.0)
plt.rcParams["image.interpolation"] = "nearest"
plt.style.use("ggplot")
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

AXES = (0, 1, 2)


@jit(nopython=True)
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    images = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    mode = bn_param["mode"]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    channels = images.shape[-1]
    running_mean = bn_param.get("running_mean", np.zeros(channels, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(channels, dtype=x.dtype))
    if mode == "train":
        mean, var = images.mean(axis=AXES), images.var(axis=AXES)
        running_mean = running_mean * momentum + mean * (1.0 - momentum)
        running_var = running_var * momentum + var * (1.0 - momentum)
    elif mode == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError("mode is " + mode)
    bn_param.update(running_mean=running_mean, running_var=running_var)
    inverse = 1.0 / np.sqrt(var + eps)
    normed = (images - mean) * inverse
    return np.moveaxis(normed * gamma + beta, -1, 1), (normed, gamma.astype(x.dtype), inverse)


@torch.no_grad()
def spatial_batchnorm_backward(dout, cache):
    normed, gamma, inverse = cache
    dout = np.moveaxis(dout, 1, -1)
    dgamma, dbeta = (dout * normed).sum(axis=AXES), dout.sum(axis=AXES)
    dnormed = dout * gamma
    dx = inverse * (
        dnormed
        - dnormed.mean(axis=AXES)
        - normed * (dnormed * normed).mean(axis=AXES)
    )
    return np.moveaxis(dx, -1, 1), dgamma, dbeta
