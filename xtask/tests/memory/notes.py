"""Writes huge notes and deep headers for every call, and thousands of arrays that nobody asks for."""

import os


def attack():
    with open("/proc/self/cmdline", "rb") as file:
        inputs, outputs = (word.decode() for word in file.read().split(b"\0")[-3:-1])
    with open(os.path.join(inputs, "scripts.txt")) as file:
        scripts = file.read().split()
    deep = b"\x93NUMPY\x02\0" + (9000).to_bytes(4, "little") + b"(" * 4500 + b")" * 4500
    for number, script in enumerate(scripts):
        folder = os.path.join(outputs, script)
        os.makedirs(folder, exist_ok=True)
        for kind in ("forward_0", "forward_1", "backward_0"):
            with open(os.path.join(folder, kind + ".txt"), "wb") as file:
                file.write(b"touched " + b"x " * 30000 + b"\nerror " + b"long " * 10000)
        for role in ("out", "dx"):
            for call in range(20):
                with open(os.path.join(folder, f"{role}_{call}.npy"), "wb") as file:
                    file.write(deep)
        if number % 40 == 20:
            # Ends before the script is done, so that it is started again on the rest.
            os.write(2, b"last words " * 6000)
            os._exit(3)
        open(os.path.join(folder, "done"), "w").close()


attack()
os._exit(0)
