"""Answers the grader's scripts: a worked example of the protocol that README.md describes.

    python answer.py INPUTS OUTPUTS
    cargo xtask grade --program "python crates/grader/examples/answer.py"

In a notebook, import it and call `answer(forward, backward, "INPUTS", "OUTPUTS")` with functions of
your own. It writes no results but theirs.
"""

import sys
from pathlib import Path

import numpy as np


def forward(x, gamma, beta, bn_param):
    mean, var = bn_param["running_mean"], bn_param["running_var"]
    if bn_param["mode"] == "train":
        keep, mean_now, var_now = bn_param["momentum"], x.mean((0, 2, 3)), x.var((0, 2, 3))
        bn_param["running_mean"] = keep * mean + (1 - keep) * mean_now
        bn_param["running_var"] = keep * var + (1 - keep) * var_now
        mean, var = mean_now, var_now
    elif bn_param["mode"] != "test":
        raise ValueError(f"there is no mode {bn_param['mode']}")
    wide = (1, -1, 1, 1)
    std = np.sqrt(var + bn_param["eps"]).reshape(wide)
    normed = (x - mean.reshape(wide)) / std
    return gamma.reshape(wide) * normed + beta.reshape(wide), (normed, gamma.reshape(wide) / std)


def backward(dout, cache):
    normed, scale = cache
    mean = lambda values: values.mean((0, 2, 3), keepdims=True)
    dx = scale * (dout - mean(dout) - normed * mean(dout * normed))
    return dx, (dout * normed).sum((0, 2, 3)), dout.sum((0, 2, 3))


def moved(arrays, step):
    """One element after the other goes up, down and back, in the same arrays all the time."""
    for array in arrays:
        for index in np.ndindex(array.shape):
            old = array[index]
            for new in (old + step, old - step):
                array[index] = new
                yield arrays
            array[index] = old
    yield arrays


def answer_script(forward, backward, inputs, outputs):
    outputs.mkdir(parents=True)
    read = lambda name, number: np.load(inputs / f"{name}_{number}.npy")
    write = lambda name, number, array: np.save(outputs / f"{name}_{number}.npy", array)
    bn_param, caches = {}, {}
    for line in (inputs / "calls.txt").read_text().splitlines():
        call, *words = line.split()
        try:
            if call in ("eps", "momentum"):
                defaults = {"eps": 1e-5, "momentum": 0.9}
                bn_param[call] = defaults[call] if words[0] == "default" else float(words[0])
            elif call == "running" and words[0] == "given":
                bn_param["running_mean"] = np.load(inputs / "running_mean.npy")[0]
                bn_param["running_var"] = np.load(inputs / "running_var.npy")[0]
            elif call == "forward":
                number, bn_param["mode"], _calls = words
                results = []
                stacked = zip(read("x", number), read("gamma", number), read("beta", number))
                for index, (x, gamma, beta) in enumerate(stacked):
                    for name in ("running_mean", "running_var"):
                        bn_param.setdefault(name, np.zeros(x.shape[1], x.dtype))
                    out, cache = forward(x, gamma, beta, bn_param)
                    caches[number, str(index)] = x, cache
                    results.append((out, bn_param["running_mean"], bn_param["running_var"]))
                for name, arrays in zip(("out", "running_mean", "running_var"), zip(*results)):
                    write(name, number, np.stack(arrays))
            elif call == "differences":
                number, bn_param["mode"], step = words
                arrays = [read(name, number)[0] for name in ("x", "gamma", "beta")]
                for name in ("running_mean", "running_var"):
                    bn_param.setdefault(name, np.zeros(arrays[0].shape[1]))
                outs = []
                for index, (x, gamma, beta) in enumerate(moved(arrays, float(step))):
                    out, cache = forward(x, gamma, beta, bn_param)
                    caches[number, str(index)] = x, cache
                    outs.append(out)
                write("out", number, np.stack(outs))
            elif call == "backward":
                number, forward_number, index, *rest = words
                x, cache = caches[forward_number, index]
                if rest == ["overwrite_x"]:
                    x[...] = 0
                gradients = backward(read("dout", number)[0], cache)
                for name, array in zip(("dx", "dgamma", "dbeta"), gradients):
                    write(name, number, array)
        except Exception as error:
            note = f"error {type(error).__name__}: {error}\n"
            kind = "backward" if call == "backward" else "forward"
            (outputs / f"{kind}_{words[0]}.txt").write_text(note)
    (outputs / "done").touch()


def answer(forward, backward, inputs, outputs):
    inputs, outputs = Path(inputs), Path(outputs)
    for script in (inputs / "scripts.txt").read_text().split():
        if script.startswith("spatial"):
            answer_script(forward, backward, inputs / script, outputs / script)


if __name__ == "__main__":
    answer(forward, backward, *sys.argv[1:3])
