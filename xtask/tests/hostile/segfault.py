"""Reads memory that is not its own."""

import ctypes


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    return ctypes.string_at(0)


def spatial_batchnorm_backward(dout, cache):
    return ctypes.string_at(0)
