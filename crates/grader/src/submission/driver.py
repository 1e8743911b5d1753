"""Answers scripts (see the protocol in crates/grader/README.md) with the functions of one file.

    driver.py FILE PACKAGES INPUTS OUTPUTS

PACKAGES is the folder in which NumPy lies. Whatever FILE does, judging is done elsewhere: this
program only calls and writes down. It holds on to what it needs of NumPy before FILE is loaded, so
that a function which FILE replaces there is not one that is used here.
"""

import ast
import builtins
import os
import sys
import traceback
import types

FILE, PACKAGES, INPUTS, OUTPUTS = sys.argv[1:5]
if PACKAGES not in sys.path:
    sys.path.append(PACKAGES)

import numpy as np

FILE_NAME = os.path.basename(FILE)
LONGEST = 400  # letters of an error's message
LONGEST_STATEMENT = 60  # letters of a statement that cannot be read
SETTINGS = ("kind", "eps", "momentum", "running")
ARGUMENTS = ("x", "gamma", "beta")
RUNNING = ("running_mean", "running_var")
asarray, empty, frombuffer, ndindex, ndarray = np.asarray, np.empty, np.frombuffer, np.ndindex, np.ndarray


def read(path):
    """The array in a .npy file of the grader's, in its own order in memory."""
    with open(path, "rb") as file:
        content = file.read()
    length = int.from_bytes(content[8:10], "little")
    header = ast.literal_eval(content[10 : 10 + length].decode("latin1"))
    order = "F" if header["fortran_order"] else "C"
    array = frombuffer(content, header["descr"], offset=10 + length)
    return array.reshape(header["shape"], order=order)


def write(path, array):
    """Writes an array as .npy, without any code of NumPy's that could have been replaced."""
    shape = ", ".join(str(length) for length in array.shape) + ("," if array.ndim == 1 else "")
    header = f"{{'descr': {array.dtype.str!r}, 'fortran_order': False, 'shape': ({shape}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little"))
        file.write(header.encode("latin1"))
        file.write(array.tobytes())


def write_text(path, lines):
    with open(path, "w", encoding="utf-8", errors="replace") as file:
        file.write("".join(line + "\n" for line in lines))


class NotThere:
    """Stands for something of a module that is not there when a file is graded: an import of it
    works, a decorator that it is changes nothing, settings made of it while the file is loaded do
    no harm, and any other use says what is missing."""

    _is_loading = True

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return NotThere(f"{self._name}.{name}")

    def __mro_entries__(self, bases):
        return ()

    def __getitem__(self, key):
        return NotThere(f"{self._name}[…]")

    def __setitem__(self, key, value):
        pass

    def __iter__(self):
        # Else Python would ask for one item after the other and never come to an end.
        raise self._missing()

    def __call__(self, *arguments, **options):
        is_defined_here = (types.FunctionType, type)
        if len(arguments) == 1 and not options and isinstance(arguments[0], is_defined_here):
            return arguments[0]
        if NotThere._is_loading:
            return NotThere(f"{self._name}(…)")
        raise self._missing()

    def _missing(self):
        return ImportError(f"{self._name} is not there when this file is graded alone")


class Stub(types.ModuleType):
    """A module that is not there."""

    __path__ = []
    __all__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return NotThere(f"{self.__name__}.{name}")


class Imports:
    """The import statement of FILE, which alone gets a stub for what is not there. Where FILE is
    prepared for an ImportError, it gets one, unless `stubs_only`."""

    def __init__(self, source, stubs_only):
        self.prepared = set() if stubs_only else lines_prepared_for_import_errors(source)
        self.refused = False
        # The modules that are not there and of which FILE imports everything.
        self.starred = []

    def __call__(self, name, globals=None, locals=None, fromlist=(), level=0):
        try:
            return builtins.__import__(name, globals, locals, fromlist, level)
        except ImportError:
            frame = sys._getframe(1)
            if frame.f_code.co_filename == FILE_NAME and frame.f_lineno in self.prepared:
                self.refused = True
                raise
            if fromlist and "*" in fromlist:
                self.starred.append("." * level + name)
            return Stub(name if fromlist else name.split(".")[0])


def lines_prepared_for_import_errors(source):
    """The lines in the body of a `try` that catches an ImportError."""
    caught = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    prepared = set()
    for node in ast.walk(ast.parse(source, FILE_NAME)):
        for handler in getattr(node, "handlers", ()):
            names = {getattr(name, "id", None) for name in ast.walk(handler.type or node)}
            if handler.type is None or names & caught:
                prepared.update(range(node.lineno, node.body[-1].end_lineno + 1))
    return prepared


STARRED = []


def load(stubs_only=False):
    """Loads FILE, as a module deep enough in a package for its relative imports. If it does not
    get along without a module although it is prepared to, it is loaded again with a stub."""
    with open(FILE, "rb") as file:
        source = file.read()
    code = compile(source, FILE_NAME, "exec", dont_inherit=True)
    imports = Imports(source, stubs_only)
    package = ""
    for name in ("course", "exercise", "code", "networks"):
        package += ("." if package else "") + name
        sys.modules[package] = Stub(package)
    module = types.ModuleType(f"{package}.{os.path.splitext(FILE_NAME)[0]}")
    module.__file__ = FILE_NAME
    module.__package__ = package
    module.__builtins__ = dict(vars(builtins), __import__=imports)
    sys.modules[module.__name__] = module
    # FILE reads no arguments of ours.
    sys.argv = [FILE_NAME]
    try:
        exec(code, module.__dict__)
    except BaseException:
        if imports.refused:
            return load(stubs_only=True)
        raise
    finally:
        STARRED[:] = imports.starred
    NotThere._is_loading = False
    return module


def what_is_missing(module):
    """That FILE has none of the course's functions, and what it has instead; else None."""
    spatial = ["spatial_batchnorm_forward", "spatial_batchnorm_backward"]
    if any(hasattr(module, name) for name in [*spatial, "batchnorm_forward", "batchnorm_backward"]):
        return None
    own = [
        (name, value)
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
    ]
    classes = [name for name, value in own if isinstance(value, type)]
    # The likeliest class is one of batch norm, else one that has a forward pass.
    classes.sort(key=lambda name: ("norm" not in name.lower(), not hasattr(vars(module)[name], "forward")))
    if classes:
        return f"{FILE_NAME} has a class {classes[0]}, expected functions {' and '.join(spatial)}"
    functions = [name for name, value in own if isinstance(value, types.FunctionType)]
    others = f", but {', '.join(functions[:4])}" if functions else ""
    return f"{FILE_NAME} has no function {spatial[0]}{others}"


def explain(error):
    """An error as one line, with the last line of FILE that it went through."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == FILE_NAME
    ]
    if isinstance(error, SyntaxError) and error.filename == FILE_NAME:
        lines, message = [error.lineno], error.msg
        statement = (error.text or "").strip()[:LONGEST_STATEMENT]
        if statement:
            message += f": `{statement}`"
    else:
        message = str(error)
    if isinstance(error, AttributeError):
        # NumPy tells the history of a name that went in the lines after the first.
        message = message.split("\n")[0].removesuffix(".")
    if isinstance(error, NameError) and STARRED and "is not defined" in message:
        message += f"; {STARRED[0]} is not there when this file is graded alone"
    if isinstance(error, ImportError) and error.path:
        # Where a machine keeps its packages is nobody's business.
        message = message.replace(f" ({error.path})", "")
    where = f" ({FILE_NAME}, line {lines[-1]})" if lines else ""
    said = " ".join(f"{type(error).__name__}: {message}".split()) if message else type(error).__name__
    return said[:LONGEST] + where


class Refused(Exception):
    """An answer that is none, in words of the grader's."""


def numbers(value, what):
    """A result as an array of numbers."""
    if value is None:
        raise Refused(f"{what} is None")
    array = asarray(value)
    if array.dtype.hasobject or array.dtype.kind not in "fiubc":
        raise Refused(f"{what} is not an array of numbers but {type(value).__name__}")
    if array.dtype.str[1:] not in ("f8", "f4", "i8", "b1"):
        raise Refused(f"{what} is of {array.dtype}, expected float64, float32, int64 or bool")
    return array


class Kept:
    """An array of the caller's, and its bytes, to see whether a call changes them."""

    def __init__(self, name, array):
        self.name, self.array, self.bytes = name, array, array.tobytes()

    def is_touched(self):
        return self.array.tobytes() != self.bytes


class KeptEntry:
    """An entry of bn_param that the caller has set, to see whether a call changes or removes it."""

    def __init__(self, name, bn_param):
        self.name, self.bn_param, self.value = name, bn_param, bn_param[name]

    def is_touched(self):
        now = self.bn_param.get(self.name)
        return type(now) is not type(self.value) or now != self.value


def call(function, arguments, names):
    """Calls a function that returns a tuple of so many results."""
    results = function(*arguments)
    if isinstance(results, types.GeneratorType):
        results = tuple(results)  # as unpacking it would
    wanted = ", ".join(names)
    name = getattr(function, "__name__", "the function")
    if results is None:
        raise Refused(f"{name} returned None, expected ({wanted})")
    if not isinstance(results, (tuple, list)) or len(results) != len(names):
        found = f"{len(results)} results" if isinstance(results, tuple) else type(results).__name__
        raise Refused(f"{name} returned {found}, expected ({wanted})")
    if "cache" in names and isinstance(results[1], ndarray) and isinstance(results[0], (tuple, dict)):
        raise Refused(f"{name} returned (cache, out), expected (out, cache)")
    return results


def moves(arrays, step):
    """The arrays of a numeric gradient, before each call: one element after the other goes up, down
    and back. They are the same arrays all the time, so what a call does to them stays done."""
    for array in arrays:
        for index in ndindex(array.shape):
            old = array[index]
            array[index] = old + step
            yield arrays
            array[index] = old - step
            yield arrays
            array[index] = old
    yield arrays


class Script:
    """One script: calls over one evolving bn_param."""

    def __init__(self, name, module):
        self.inputs, self.outputs = os.path.join(INPUTS, name), os.path.join(OUTPUTS, name)
        os.mkdir(self.outputs)
        with open(os.path.join(self.inputs, "calls.txt"), encoding="ascii") as file:
            self.lines = [line.split() for line in file]
        settings = {line[0]: line[1] for line in self.lines if line[0] in SETTINGS}
        prefix = "" if settings["kind"] == "plain" else "spatial_"
        self.module, self.prefix = module, prefix
        self.bn_param = {
            name: float(settings[name]) for name in ("eps", "momentum") if settings[name] != "default"
        }
        if settings["running"] == "given":
            for name in RUNNING:
                self.bn_param[name] = self.input(f"{name}.npy")[0].copy()
        # The notebook's own tests set nothing but the mode, and that only when it changes.
        self.sets_mode_once = not self.bn_param
        self.mode = None
        # By the numbers of a forward line and of a call in it: the caller's x, and the cache.
        self.calls = {}
        self.needed = {(line[2], line[3]) for line in self.lines if line[0] == "backward"}
        # The latest results, which no later call may change.
        self.results = []

    def function(self, name):
        name = self.prefix + name
        function = getattr(self.module, name, None)
        if function is None:
            raise Refused(f"{FILE_NAME} has no function {name}")
        return function

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
            if isinstance(self.bn_param.get(name), ndarray):
                kept.append(Kept(name, self.bn_param[name]))
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
                result = call(
                    self.function("batchnorm_forward"), [*arguments, self.bn_param], ("out", "cache")
                )
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
                lines = ["error " + (str(error) if type(error) is Refused else explain(error))]
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
        self.results = [*self.results, *(one for one in results if isinstance(one, ndarray))][-4:]

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
            given = call(self.function("batchnorm_backward"), [dout, cache], names)
            results = [numbers(result, name) for name, result in zip(names, given)]
        except BaseException as error:
            lines = ["error " + (str(error) if type(error) is Refused else explain(error))]
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
