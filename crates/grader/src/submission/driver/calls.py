# Calls of the hand-in's functions: what they are given, and what they give.


class Refused(Exception):
    """An answer that is none, in words of the grader's."""


def as_array(value):
    """A tensor as the array of the same memory; anything else as it is."""
    torch = sys.modules.get("torch")
    tensor = getattr(torch, "Tensor", None)
    if isinstance(tensor, type) and isinstance(value, tensor):
        for step in ("detach", "cpu", "numpy"):
            if hasattr(value, step):
                value = getattr(value, step)()
    return value


def as_tensor(array):
    """The tensor of the same memory, if it is of floating point; else one of float64."""
    return sys.modules["torch"].from_numpy(array if array.dtype.kind == "f" else array.astype(float64))


def numbers(value, what):
    """A result as an array of numbers."""
    if value is None:
        raise Refused(f"{what} is None")
    array = asarray(as_array(value))
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


class Functions:
    """The course's functions of one kind: those of FILE, else the methods of its class. An instance of
    the class is made where a method needs one."""

    def __init__(self, module, prefix):
        self.module, self.prefix = module, prefix
        self.class_name = CLASSES[prefix]
        self.of_class = getattr(module, self.class_name, None)
        self.instance = None

    def is_of_class(self):
        functions = (f"{self.prefix}batchnorm_{name}" for name in ARGUMENTS_OF)
        return isinstance(self.of_class, type) and not any(hasattr(self.module, name) for name in functions)

    def find(self, direction):
        """A function, by its name in messages."""
        name = f"{self.prefix}batchnorm_{direction}"
        function = getattr(self.module, name, None)
        if self.is_of_class():
            name = f"{self.class_name}.{direction}"
            function = getattr(self.of_class, direction, None)
            if self.needs_instance(direction):
                if self.instance is None:
                    self.instance = self.of_class()
                function = getattr(self.instance, direction)
        if function is None:
            raise Refused(f"{FILE_NAME} has no function {name}")
        return name, function

    def needs_instance(self, direction):
        """Whether a method takes the instance before the course's arguments."""
        of_classes = (vars(one).get(direction) for one in self.of_class.__mro__)
        method = next((method for method in of_classes if method is not None), None)
        if not isinstance(method, types.FunctionType):
            return False
        code = method.__code__
        names = code.co_varnames[: code.co_argcount]
        return names[:1] == ("self",) or len(names) == ARGUMENTS_OF[direction] + 1


def works_on_tensors(functions):
    """Whether the hand-in is to be given tensors: it has imported torch, and a trial call on small arrays
    gives an error or tensors."""
    if not hasattr(sys.modules.get("torch"), "from_numpy"):
        return False

    def results(give):
        """What a trial call gives; None if it fails."""
        x = arange(16, dtype=float64).reshape(2, 2, 2, 2) ** 2 / 16
        if not functions.prefix:
            x = x.reshape(8, 2)
        arguments = [give(x.copy()), give(x.reshape(-1, 2)[0] + 1), give(x.reshape(-1, 2)[1] - 1)]
        bn_param = {"mode": "train"}
        try:
            (_, forward), (_, backward) = functions.find("forward"), functions.find("backward")
            out, cache = forward(*arguments, bn_param)
            return [out, *bn_param.values(), *backward(give(x[::-1].copy()), cache)]
        except BaseException:
            return None

    of_arrays = results(lambda array: array)
    if of_arrays is not None and all(as_array(value) is value for value in of_arrays):
        return False
    return functions.is_of_class() or results(as_tensor) is not None


def call(name, function, arguments, names):
    """Calls a function that returns a tuple of so many results."""
    results = function(*arguments)
    if isinstance(results, types.GeneratorType):
        results = tuple(results)  # as unpacking it would
    wanted = ", ".join(names)
    if results is None:
        raise Refused(f"{name} returned None, expected ({wanted})")
    if not isinstance(results, (tuple, list)) or len(results) != len(names):
        found = f"{len(results)} results" if isinstance(results, tuple) else type(results).__name__
        raise Refused(f"{name} returned {found}, expected ({wanted})")
    if "cache" in names and isinstance(as_array(results[1]), ndarray) and isinstance(results[0], (tuple, dict)):
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
