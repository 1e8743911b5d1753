"""Ends its process by a signal."""

import os


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    os.abort()


def spatial_batchnorm_backward(dout, cache):
    os.abort()
