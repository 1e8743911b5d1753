"""Leaves the work to a file that is not handed in."""

from .my_layers import batchnorm_forward


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    return batchnorm_forward(x, gamma, beta, bn_param)


def spatial_batchnorm_backward(dout, cache):
    raise NotImplementedError
