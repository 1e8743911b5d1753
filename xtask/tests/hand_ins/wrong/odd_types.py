"""Returns what NumPy would not call an array of numbers, or not of these."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    return x.astype(np.float16), None


def spatial_batchnorm_backward(dout, cache):
    return np.array([None, dout], dtype=object), "one", 1.0
