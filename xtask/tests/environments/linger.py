"""Starts a process apart, which has nothing to do with its parent, and waits."""

import os
import subprocess


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["sleep", "MARK"])
        os._exit(0)
    subprocess.call(["/bin/sleep", "MARK"])


def spatial_batchnorm_backward(dout, cache):
    raise ValueError
