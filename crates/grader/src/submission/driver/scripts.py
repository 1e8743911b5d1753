# Scripts: the calls of each, in order, over one evolving bn_param.

# Whether the functions of a kind are given tensors, by the prefix of their names.
ON_TENSORS = {}


class Script:
    """One script: calls over one evolving bn_param."""

    def __init__(self, name, module):
        self.inputs, self.outputs = os.path.join(INPUTS, name), os.path.join(OUTPUTS, name)
        os.mkdir(self.outputs)
        with open(os.path.join(self.inputs, "calls.txt"), encoding="ascii") as file:
            self.lines = [line.split() for line in file]
        settings = {line[0]: line[1] for line in self.lines if line[0] in SETTINGS}
        prefix = "" if settings["kind"] == "plain" else "spatial_"
        self.functions = Functions(module, prefix)
        # One trial for all scripts of a kind, and after a script has begun: it may not return.
        if prefix not in ON_TENSORS:
            ON_TENSORS[prefix] = works_on_tensors(Functions(module, prefix))
        self.give = as_tensor if ON_TENSORS[prefix] else lambda array: array
        self.bn_param = {
            name: float(settings[name]) for name in ("eps", "momentum") if settings[name] != "default"
        }
        if settings["running"] == "given":
            for name in RUNNING:
                self.bn_param[name] = self.give(self.input(f"{name}.npy")[0].copy())
        # The notebook's own tests set nothing but the mode, and that only when it changes.
        self.sets_mode_once = not self.bn_param
        self.mode = None
        # By the numbers of a forward line and of a call in it: the caller's x, and the cache.
        self.calls = {}
        self.needed = {(line[2], line[3]) for line in self.lines if line[0] == "backward"}
        # The latest results, which no later call may change.
        self.results = []

    def input(self, file):
        return read(os.path.join(self.inputs, file))

    def write(self, file, array):
        write(os.path.join(self.outputs, file), array)

    def note(self, file, lines):
        if lines:
            write_text(os.path.join(self.outputs, file), lines)

    def run(self):
        for line in self.lines:
            if line[0] == "forward":
                self.forward(*line[1:])
            elif line[0] == "differences":
                self.differences(*line[1:])
            elif line[0] == "backward":
                self.backward(*line[1:])
        write_text(os.path.join(self.outputs, "done"), [])

    def kept(self, arrays):
        """What a call must leave as it is: these arrays, and what the caller has of earlier calls."""
        kept = [Kept(name, array) for name, array in arrays]
        kept += [Kept("earlier_result", array) for array in self.results]
        for name in RUNNING:
            array = as_array(self.bn_param.get(name))
            if isinstance(array, ndarray):
                kept.append(Kept(name, array))
        names = [name for name in ("eps", "momentum") if name in self.bn_param]
        return kept + [KeptEntry(name, self.bn_param) for name in names]

    def forward(self, number, mode, calls):
        stacked = [self.input(f"{name}_{number}.npy") for name in ARGUMENTS]
        fresh = ([array[index].copy(order="K") for array in stacked] for index in range(int(calls)))
        self.passes(number, mode, fresh, ("out", *RUNNING))

    def differences(self, number, mode, step):
        arrays = [self.input(f"{name}_{number}.npy")[0].copy(order="K") for name in ARGUMENTS]
        self.passes(number, mode, moves(arrays, float(step)), ("out",))

    def passes(self, number, mode, passes, roles):
        """Forward passes, given the arguments of each, of whose results these are asked."""
        results = {role: [] for role in roles}
        touched, lines = [], []
        for index, arguments in enumerate(passes):
            if mode != self.mode or not self.sets_mode_once:
                self.bn_param["mode"] = self.mode = mode
            kept = self.kept(zip(ARGUMENTS, arguments))
            if "mode" in self.bn_param:
                kept.append(KeptEntry("mode", self.bn_param))
            try:
                given = [self.give(array) for array in arguments]
                function = self.functions.find("forward")
                result = call(*function, [*given, self.bn_param], ("out", "cache"))
                if isinstance(result[0], (list, tuple)):
                    raise Refused(f"out is a {type(result[0]).__name__}, expected a NumPy array")
                of_call = {"out": numbers(result[0], "out")}
                for name in roles[1:]:
                    if name in self.bn_param:
                        of_call[name] = numbers(self.bn_param[name], name)
                for name, new in of_call.items():
                    values = results[name]
                    if values and (new.shape, new.dtype) != (values[0].shape, values[0].dtype):
                        raise Refused(f"{name} changes its shape or type from call to call")
            except BaseException as error:
                lines = ["error " + explain(error)]
            touched += [one.name for one in kept if one.is_touched() and one.name not in touched]
            if lines:
                break
            if (number, str(index)) in self.needed:
                self.calls[number, str(index)] = arguments[0], result[1]
            for name, value in of_call.items():
                # The next call may write into the same array.
                results[name].append(value.copy())
            self.returned(result[0])
        if touched:
            lines.append("touched " + " ".join(touched))
        self.note(f"forward_{number}.txt", lines)
        count = len(results["out"])
        for name, values in results.items():
            # Running statistics that are not there after every call are none.
            if values and len(values) == count:
                rows = empty((count, *values[0].shape), values[0].dtype)
                for row, value in enumerate(values):
                    rows[row] = value
                self.write(f"{name}_{number}.npy", rows)

    def returned(self, *results):
        """Remembers the results of a call, and forgets those of all but the latest."""
        arrays = (as_array(one) for one in results)
        self.results = [*self.results, *(one for one in arrays if isinstance(one, ndarray))][-4:]

    def backward(self, number, forward, index, then=None):
        dout = self.input(f"dout_{number}.npy")[0].copy(order="K")
        names = ("dx", "dgamma", "dbeta")
        lines, kept = [], []
        try:
            if (forward, index) not in self.calls:
                raise Refused("its forward pass failed")
            x, cache = self.calls[forward, index]
            if then == "overwrite_x":
                x[...] = 0
            kept = self.kept([("dout", dout), ("x", x)])
            given = call(*self.functions.find("backward"), [self.give(dout), cache], names)
            results = [numbers(result, name) for name, result in zip(names, given)]
        except BaseException as error:
            lines = ["error " + explain(error)]
        touched = [one.name for one in kept if one.is_touched()]
        failed = bool(lines)
        if touched:
            lines.append("touched " + " ".join(dict.fromkeys(touched)))
        self.note(f"backward_{number}.txt", lines)
        if not failed:
            for name, result in zip(names, results):
                self.write(f"{name}_{number}.npy", result)
            self.returned(*given)


def refuse(name, reason):
    """Answers a script with an error for each of its calls."""
    outputs = os.path.join(OUTPUTS, name)
    os.makedirs(outputs, exist_ok=True)
    with open(os.path.join(INPUTS, name, "calls.txt"), encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[0] in ("forward", "differences", "backward"):
                kind = "backward" if words[0] == "backward" else "forward"
                write_text(os.path.join(outputs, f"{kind}_{words[1]}.txt"), ["error " + reason])
    write_text(os.path.join(outputs, "done"), [])


def main():
    with open(os.path.join(INPUTS, "scripts.txt"), encoding="ascii") as file:
        names = file.read().split()
    module, trouble = None, None
    # FILE finds nothing of this one by its name.
    own = sys.modules.pop("__main__")
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        module = load()
        trouble = what_is_missing(module)
    except BaseException as error:
        trouble = explain(error)
    for name in names:
        if trouble is not None:
            refuse(name, trouble)
            continue
        Script(name, module).run()
    return own


main()
# Whatever FILE has left running is not waited for.
os._exit(0)
