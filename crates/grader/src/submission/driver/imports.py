# Imports: where the hand-in's own modules and those of the course lie, and how they are run.


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
    prepared = frozenset()
    for node in ast.walk(tree):
        for handler in getattr(node, "handlers", ()):
            names = {getattr(name, "id", None) for name in ast.walk(handler.type or node)}
            if handler.type is None or names & caught:
                prepared |= frozenset(range(node.lineno, node.body[-1].end_lineno + 1))
    return prepared


def prepared(source, name, module):
    """The statements of a file, or of a cell of a notebook, ready to be run in a module."""
    LOADED.files.setdefault(name, frozenset())
    if isinstance(source, bytes) and b"\0" in source:
        line = source[: source.index(b"\0")].count(b"\n") + 1
        raise Refused(f"{name} is not a text: it has a NUL byte in line {line}")
    tree = compile(source, name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    if not LOADED.stubs_only:
        # The cells of an exported notebook are one file.
        LOADED.files[name] |= lines_prepared_for_import_errors(tree)
    module.__builtins__ = dict(vars(builtins), **OF_NOTEBOOKS, __import__=import_module)
    return tree


def run(source, name, module):
    """Runs a file in a module."""
    exec(compile(prepared(source, name, module), name, "exec", dont_inherit=True), module.__dict__)
