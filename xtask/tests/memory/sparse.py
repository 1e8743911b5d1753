"""Writes sparse arrays of 60 MiB in place of every result, of shapes that are wrong."""

import os
import sys

LENGTH = 60 << 20


def attack():
    with open("/proc/self/cmdline", "rb") as file:
        inputs, outputs = (word.decode() for word in file.read().split(b"\0")[-3:-1])
    with open(os.path.join(inputs, "scripts.txt")) as file:
        scripts = file.read().split()
    text = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, %d), }\n" % (LENGTH // 8)
    header = b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text.encode()
    for script in scripts:
        folder = os.path.join(outputs, script)
        os.makedirs(folder, exist_ok=True)
        for role in ("out", "running_mean", "running_var", "dx", "dgamma", "dbeta"):
            with open(os.path.join(folder, role + "_0.npy"), "wb") as file:
                file.write(header)
                file.truncate(len(header) + LENGTH)
        open(os.path.join(folder, "done"), "w").close()


attack()
os._exit(0)
