"""Prints without end."""

import sys


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    while True:
        sys.stdout.write("passed\n" * 10000)


def spatial_batchnorm_backward(dout, cache):
    raise ValueError
