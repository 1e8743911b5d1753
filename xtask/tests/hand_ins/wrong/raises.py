"""Raises, in a function of its own."""

import numpy as np


def helper(x):
    return x.sum(axis=7)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    return helper(x), None
