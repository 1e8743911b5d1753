"""Leaves a process behind that has nothing to do with its parent any more."""

import os


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["sleep", "MARK"])
        os._exit(0)
    os._exit(0)


def spatial_batchnorm_backward(dout, cache):
    raise ValueError
