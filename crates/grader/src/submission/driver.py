"""Answers scripts (see the protocol in crates/grader/README.md) with the functions of one hand-in.

    driver.py FILE PACKAGES COURSE INPUTS OUTPUTS

FILE is the main file of the hand-in, a Python file or the cells of a notebook. It lies in the folder
`hand_in` beside this program, with the hand-in's other files. PACKAGES is the folder in which NumPy
lies, COURSE that of the course's own helpers, or empty. Whatever FILE does, judging is done elsewhere:
this program only calls and writes down. It holds on to what it needs of NumPy before FILE is loaded,
so that a function which FILE replaces there is not one that is used here.
"""

import ast
import builtins
import importlib
import os
import re
import signal
import sys
import time
import traceback
import types
from importlib.machinery import ModuleSpec

DRIVER = os.path.abspath(sys.argv[0])
FILE, PACKAGES, COURSE, INPUTS, OUTPUTS = sys.argv[1:6]
ROOT = os.path.join(os.path.dirname(DRIVER), "hand_in")
if PACKAGES not in sys.path:
    sys.path.append(PACKAGES)

import numpy as np

# What messages call FILE: its name, unless another file of the hand-in is called that by its path.
FILE_NAME = os.path.basename(FILE)
if os.path.exists(os.path.join(ROOT, FILE_NAME)):
    FILE_NAME = os.path.relpath(FILE, ROOT)
LONGEST = 400  # letters of an error's message
LONGEST_STATEMENT = 60  # letters of a statement that cannot be read
FOLDERS_SEARCHED = 1000  # folders of the course in which a module is looked for
SECONDS_OF_CELLS = 3  # what the cells of a notebook may take once its functions are there
SECONDS_OF_CELL = 0.2  # what each cell may take after that
SETTINGS = ("kind", "eps", "momentum", "running")
ARGUMENTS = ("x", "gamma", "beta")
RUNNING = ("running_mean", "running_var")
CLASSES = {"spatial_": "SpatialBatchNorm", "": "BatchNorm"}
ARGUMENTS_OF = {"forward": 4, "backward": 2}
asarray, empty, frombuffer, ndindex, ndarray = np.asarray, np.empty, np.frombuffer, np.ndindex, np.ndarray
arange, float64 = np.arange, np.float64


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

    def __instancecheck__(self, instance):
        return False

    def __subclasscheck__(self, subclass):
        return False

    def __or__(self, other):
        # As in the annotation `x: Tensor | None`.
        return self

    __ror__ = __or__

    def __bool__(self):
        return True

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

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

    def _refuse(self, *arguments):
        raise self._missing()

    # NumPy asks for these before it computes.
    __array__ = __float__ = __int__ = __index__ = __len__ = __contains__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = _refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _refuse
    __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _refuse


class Stub(types.ModuleType):
    """A module that is not there."""

    __path__ = []
    __all__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return NotThere(f"{self.__name__}.{name}")


class Nothing:
    """What `get_ipython()` is outside of a notebook: anything may be asked of it, and nothing is done."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()

    def __call__(self, *arguments, **options):
        return None


# Names that a notebook finds without an import.
OF_NOTEBOOKS = {"get_ipython": Nothing, "display": Nothing()}


# --- where the hand-in's own modules and those of the course lie


def parts(folder):
    return [] if folder in ("", ".") else folder.split(os.sep)


def folders_with_files(root):
    """The folders below `root` that have Python files, from the root, the outermost first."""
    found = []
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__")))
        if any(name.endswith(".py") for name in files):
            found.append(os.path.relpath(folder, root))
        if len(found) == FOLDERS_SEARCHED:
            break
    return sorted(found, key=lambda folder: (len(parts(folder)), folder))


def upwards(root, folder):
    """A folder of `root`, and those that it lies in, up to `root`."""
    names = parts(folder)
    return [os.path.join(root, *names[:length]) for length in range(len(names), -1, -1)]


OWN_FOLDER = os.path.dirname(os.path.relpath(FILE, ROOT))
OWN_FOLDERS = folders_with_files(ROOT)
COURSE_FOLDERS = folders_with_files(COURSE) if COURSE else []


def folder_in_course():
    """The folder of COURSE in which FILE would lie: the one that has a file of its name."""
    file = os.path.basename(FILE)
    has = [name for name in COURSE_FOLDERS if os.path.isfile(os.path.join(COURSE, name, file))]
    if len(has) > 1 and OWN_FOLDER in has:
        return OWN_FOLDER
    return has[0] if len(has) == 1 and has[0] != "." else OWN_FOLDER


IN_COURSE = folder_in_course() if COURSE else OWN_FOLDER
# As if FILE were run where it lies; then the course's; then whatever has the name.
SEARCHED = upwards(ROOT, OWN_FOLDER) + (upwards(COURSE, IN_COURSE) if COURSE else [])
OTHERS = [os.path.join(ROOT, name) for name in OWN_FOLDERS]
OTHERS += [os.path.join(COURSE, name) for name in COURSE_FOLDERS]


def is_ours(path):
    return any(root and (path == root or path.startswith(root + os.sep)) for root in (ROOT, COURSE))


def shown(path):
    """What messages call a file: the hand-in's own by its path in the hand-in."""
    if COURSE and path.startswith(COURSE + os.sep):
        return f"{os.path.relpath(path, COURSE)} of the course"
    return os.path.relpath(path, ROOT)


def folders_named(name, folders):
    """The folders that are a package of this name: of several, the modules of the first are found first."""
    found = [os.path.join(folder, name) for folder in folders]
    if COURSE and name == os.path.basename(COURSE):
        found.append(COURSE)
    return [folder for folder in found if os.path.isdir(folder)]


def find(fullname, folders, and_folders):
    """What to import a module of the hand-in's or the course's by; None if there is none. A folder
    without an `__init__.py` is one only `and_folders`."""
    name = fullname.rpartition(".")[2]
    for folder in folders:
        if os.path.isfile(os.path.join(folder, name, "__init__.py")):
            break
        path = os.path.join(folder, f"{name}.py")
        if os.path.isfile(path):
            return ModuleSpec(fullname, Loader(path), origin=shown(path))
    packages = folders_named(name, folders)
    inits = [os.path.join(folder, "__init__.py") for folder in packages]
    init = next((path for path in inits if os.path.isfile(path)), None)
    if init is None and not (and_folders and packages):
        return None
    spec = ModuleSpec(fullname, Loader(init), origin=init and shown(init), is_package=True)
    spec.submodule_search_locations = packages
    return spec


def asks():
    """The file whose import statement is being answered: one of the hand-in's or the course's, or None."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file in LOADED.files:
            return file
        is_on_the_way = file.startswith("<frozen importlib") or file in (DRIVER, importlib.__file__)
        if not is_on_the_way:
            return None
        frame = frame.f_back
    return None


class Finder:
    """Finds the modules of the hand-in and of the course, for these alone."""

    def __init__(self, folders, and_folders):
        self.folders, self.and_folders = folders, and_folders

    def find_spec(self, fullname, path=None, target=None):
        if path is None:
            file = asks()
            spec = find(fullname, self.folders, self.and_folders) if file else None
            # What has the name of a module is not that module.
            is_itself = file == FILE_NAME and spec is not None and spec.loader.path == FILE
            return None if is_itself else spec
        path = list(path)
        return find(fullname, path, True) if path and all(map(is_ours, path)) else None


class Loader:
    """Runs a module of the hand-in's or the course's by the same rules as FILE."""

    def __init__(self, path):
        self.path = path

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        LOADED.modules.add(module.__name__)
        if self.path is None:
            return
        name = shown(self.path)
        # Helpers of the course may read what lies beside them; where that is, is not told.
        module.__file__ = self.path if name.endswith(" of the course") else name
        with open(self.path, "rb") as file:
            run(file.read(), name, module)


class Loaded:
    """What has been loaded so far, and how imports of what is not there are answered."""

    def __init__(self, stubs_only):
        self.stubs_only = stubs_only
        # Whether a file got an ImportError that it is prepared for.
        self.refused = False
        # The modules that are not there and of which a file imports everything.
        self.starred = []
        # The names of the files, each with its lines that are prepared for an ImportError.
        self.files = {}
        self.modules = set()


LOADED = Loaded(False)


def import_module(name, globals=None, locals=None, fromlist=(), level=0):
    """The import statement of the hand-in's files, which alone get a stub for what is not there. Where
    a file is prepared for an ImportError, it gets one, unless LOADED.stubs_only."""
    frame = sys._getframe(1)
    is_prepared = frame.f_lineno in LOADED.files.get(frame.f_code.co_filename, ())
    try:
        try:
            module = builtins.__import__(name, globals, locals, fromlist, level)
        except ImportError:
            if level or not stands_for_own_folder(name):
                raise
            module = builtins.__import__(name, globals, locals, fromlist, level)
        return with_all(module, fromlist, is_prepared)
    except ImportError:
        if is_prepared:
            LOADED.refused = True
            raise
        if fromlist and "*" in fromlist:
            LOADED.starred.append("." * level + name)
        return Stub(name) if fromlist else with_stub(name)


def stands_for_own_folder(name):
    """Makes a package of the first name that stands for the folder of FILE, if the hand-in has that
    folder's files but not the folder: `nndl.layers` is then `layers.py` beside FILE."""
    package, _, rest = name.partition(".")
    own = os.path.join(ROOT, OWN_FOLDER)
    beside = os.path.join(own, *rest.split("."))
    is_there = os.path.isfile(beside + ".py") or os.path.isdir(beside)
    if not rest or not is_there or beside + ".py" == FILE or package in sys.modules:
        return False
    module = sys.modules[package] = types.ModuleType(package)
    module.__path__ = [own]
    LOADED.modules.add(package)
    return True


def with_all(module, fromlist, is_prepared):
    """A package of ours, in which what was asked of it is there at least as a stub."""
    path = list(getattr(module, "__path__", None) or ())
    if isinstance(module, Stub) or not path or not all(map(is_ours, path)):
        return module
    for name in fromlist or ():
        if name != "*" and not hasattr(module, name):
            if is_prepared:
                raise ImportError(f"cannot import name {name!r}")
            setattr(module, name, Stub(name))
    return module


def with_stub(name):
    """The outermost package of a module that is not there, with a stub for what of it is not."""
    first, *rest = name.split(".")
    module = top = sys.modules.get(first)
    if top is None:
        return Stub(first)
    for index, part in enumerate(rest):
        if not hasattr(module, part):
            setattr(module, part, Stub(".".join([first, *rest[: index + 1]])))
            break
        module = getattr(module, part)
    return top


def lines_prepared_for_import_errors(tree):
    """The lines in the body of a `try` that catches an ImportError."""
    caught = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    prepared = set()
    for node in ast.walk(tree):
        for handler in getattr(node, "handlers", ()):
            names = {getattr(name, "id", None) for name in ast.walk(handler.type or node)}
            if handler.type is None or names & caught:
                prepared.update(range(node.lineno, node.body[-1].end_lineno + 1))
    return prepared


def run(source, name, module):
    """Runs a file, or a cell of a notebook, in a module."""
    LOADED.files[name] = ()
    if isinstance(source, bytes) and b"\0" in source:
        line = source[: source.index(b"\0")].count(b"\n") + 1
        raise Refused(f"{name} is not a text: it has a NUL byte in line {line}")
    tree = compile(source, name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    if not LOADED.stubs_only:
        LOADED.files[name] = lines_prepared_for_import_errors(tree)
    module.__builtins__ = dict(vars(builtins), **OF_NOTEBOOKS, __import__=import_module)
    exec(compile(tree, name, "exec", dont_inherit=True), module.__dict__)


# --- notebooks

# The magics before a cell that is Python all the same.
CELLS_OF_PYTHON = ("time", "capture", "prun", "debug")
# The magics before a statement.
LINES_OF_PYTHON = re.compile(r"%(?:time|prun)\s+(?!-)(?=\S)")
ASSIGNED = re.compile(r"(\s*)([A-Za-z_][\w.,\s\[\]]*?)\s*=\s*[!%]")


def is_magic(line):
    """Whether a line that Python cannot read may be a command of the notebook."""
    words = line.strip()
    return words.startswith(("%", "!", "?")) or words.endswith("?") or bool(ASSIGNED.match(line))


def without_magic(line):
    """What takes the place of a command of the notebook."""
    indent = line[: len(line) - len(line.lstrip())]
    statement = LINES_OF_PYTHON.match(line.strip())
    if statement:
        return indent + line.strip()[statement.end() :]
    assigned = ASSIGNED.match(line)
    return f"{indent}{assigned.group(2)} = None" if assigned else f"{indent}pass"


def replace_magic(lines, at):
    lines, continues = list(lines), lines[at].rstrip().endswith("\\")
    lines[at] = without_magic(lines[at].rstrip().removesuffix("\\") if continues else lines[at])
    while continues and at + 1 < len(lines):
        at += 1
        lines[at], continues = "", lines[at].rstrip().endswith("\\")
    return lines


def syntax_error(lines, name):
    try:
        compile("\n".join(lines) + "\n", name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        return error
    return None


def python_of(cell, name):
    """The Python of a cell, each line where it was."""
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip() and line.strip()[0] != "#"), None)
    if first is not None and lines[first].startswith("%%"):
        if not lines[first].startswith(tuple(f"%%{magic}" for magic in CELLS_OF_PYTHON)):
            return ""
        lines[first] = ""
    # A line is taken for a command only where Python cannot read it, so that one in a text stays.
    for _ in range(len(lines) + 1):
        error = syntax_error(lines, name)
        if error is None:
            break
        at = min((error.lineno or 1), len(lines)) - 1
        while at >= 0 and not is_magic(lines[at]):
            at -= 1
        if at < 0:
            break
        replaced = replace_magic(lines, at)
        if replaced == lines:
            break
        lines = replaced
    return "\n".join(lines)


class TooLong(BaseException):
    """A cell took longer than one may that defines something."""


def stop_cell(number, frame):
    raise TooLong()


def run_cells(source, module):
    """Runs the cells of a notebook, each for itself: what one needs that is not there, such as data,
    costs no other anything. The first error counts if the functions are not there in the end."""
    import json

    first_error, spent = None, 0.0
    signal.signal(signal.SIGALRM, stop_cell)
    for number, cell in json.loads(source):
        name = f"{FILE_NAME}, cell {number}"
        LOADED.files[name] = ()
        began, had_functions = time.monotonic(), has_functions(module)
        try:
            # A cell that trains or tests need not come to its end.
            if had_functions:
                signal.setitimer(signal.ITIMER_REAL, max(SECONDS_OF_CELLS - spent, SECONDS_OF_CELL))
            run(python_of(cell, name), name, module)
        except BaseException as error:
            first_error = first_error or error
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if had_functions:
            spent += time.monotonic() - began
    if first_error is not None and not has_functions(module):
        raise first_error


# --- loading


def own_package():
    """Makes the package of FILE, and those that it is in, deep enough for relative imports."""
    package = ""
    for name in ("course", "exercise", "code", "networks"):
        package += ("." if package else "") + name
        sys.modules[package] = Stub(package)
    own, course = parts(OWN_FOLDER), parts(IN_COURSE)
    depth = max(len(own), len(course))
    for up in range(depth, -1, -1):
        if up < depth:
            names = own if len(own) > up else course
            package += "." + names[len(names) - up - 1].replace(".", "_")
        module = types.ModuleType(package)
        module.__path__ = []
        if len(own) >= up:
            module.__path__.append(os.path.join(ROOT, *own[: len(own) - up]))
        if COURSE and len(course) >= up:
            module.__path__.append(os.path.join(COURSE, *course[: len(course) - up]))
        sys.modules[package] = module
        LOADED.modules.add(package)
        parent, _, name = package.rpartition(".")
        setattr(sys.modules[parent], name, module)
        inits = [os.path.join(folder, "__init__.py") for folder in module.__path__]
        init = next((path for path in inits if os.path.isfile(path)), None)
        if init is not None and init != FILE:
            try:
                Loader(init).exec_module(module)
            except BaseException:
                # FILE may need nothing of it, and says what is missing if it does.
                pass
    return package


def load(stubs_only=False):
    """Loads FILE, as a module of its package. If it does not get along without a module although it
    is prepared to, it is loaded again with a stub."""
    global LOADED
    for name in LOADED.modules:
        sys.modules.pop(name, None)
    LOADED = Loaded(stubs_only)
    # The current folder is on the path of no other file, either.
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
    sys.meta_path.insert(0, Finder(SEARCHED, False))
    sys.meta_path.append(Finder(SEARCHED + OTHERS, True))
    with open(FILE, "rb") as file:
        source = file.read()
    if not source.strip():
        raise Refused(f"{FILE_NAME} is empty, expected the functions of the course")
    package = own_package()
    module = types.ModuleType(f"{package}.{os.path.splitext(FILE_NAME)[0]}")
    module.__file__ = FILE_NAME
    module.__package__ = package
    sys.modules[module.__name__] = module
    LOADED.modules.add(module.__name__)
    # FILE reads no arguments of ours.
    sys.argv = [FILE_NAME]
    try:
        if FILE_NAME.lower().endswith(".ipynb"):
            run_cells(source, module)
        else:
            run(source, FILE_NAME, module)
    except BaseException:
        if LOADED.refused:
            return load(stubs_only=True)
        raise
    if LOADED.refused and not has_functions(module):
        return load(stubs_only=True)
    NotThere._is_loading = False
    return module


def has_functions(module):
    """Whether a module has both spatial functions, or the class that has them."""
    spatial = ["spatial_batchnorm_forward", "spatial_batchnorm_backward"]
    of_class = getattr(module, CLASSES["spatial_"], None)
    return all(hasattr(module, name) for name in spatial) or all(
        hasattr(of_class, name) for name in ARGUMENTS_OF
    )


def what_is_missing(module):
    """That FILE has none of the course's functions, and what it has instead; else None."""
    spatial = ["spatial_batchnorm_forward", "spatial_batchnorm_backward"]
    if any(hasattr(module, name) for name in [*spatial, "batchnorm_forward", "batchnorm_backward"]):
        return None
    of_course = [vars(module).get(name) for name in CLASSES.values()]
    if any(isinstance(value, type) and hasattr(value, "forward") for value in of_course):
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


def without_folders(message):
    """A message without the folders in which files lie, and the packages in which they are loaded: where a
    machine keeps them is nobody's business."""
    for path, instead in ((ROOT, "the hand-in's folder"), (COURSE, "the course's folder")):
        if path:
            message = message.replace(path + os.sep, "").replace(path, instead)
    return message.replace("course.exercise.code.networks.", "").replace(" (unknown location)", "")


def explain(error):
    """An error as one line, with the last line of the hand-in's that it went through, else of the
    course's."""
    if type(error) is Refused:
        return str(error)
    frames = [
        (frame.filename, frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename in LOADED.files
    ]
    own = [frame for frame in frames if not frame[0].endswith(" of the course")]
    frames = own or frames
    if isinstance(error, SyntaxError) and error.filename in LOADED.files:
        frames, message = [(error.filename, error.lineno)], error.msg
        statement = (error.text or "").strip()[:LONGEST_STATEMENT]
        if statement:
            message += f": `{statement}`"
    else:
        message = str(error)
    if isinstance(error, AttributeError):
        # NumPy tells the history of a name that went in the lines after the first.
        message = message.split("\n")[0].removesuffix(".")
    if isinstance(error, NameError) and LOADED.starred and "is not defined" in message:
        message += f"; {LOADED.starred[0]} is not there when this file is graded alone"
    if isinstance(error, ImportError) and error.path:
        # Where a machine keeps its packages is nobody's business.
        message = message.replace(f" ({error.path})", "")
    message = without_folders(message)
    where = f" ({frames[-1][0]}, line {frames[-1][1]})" if frames else ""
    said = " ".join(f"{type(error).__name__}: {message}".split()) if message else type(error).__name__
    return said[:LONGEST] + where


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
