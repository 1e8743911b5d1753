# Loading the main file, and what is said of what goes wrong.


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
            run_cells(cells_of_notebook(source), module)
        elif cells := cells_of_file(source):
            run_cells(cells, module)
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
        message += f"; {LOADED.starred[0]} is not there when this is graded"
    if isinstance(error, ImportError) and error.path:
        # Where a machine keeps its packages is nobody's business.
        message = message.replace(f" ({error.path})", "")
    message = without_folders(message)
    where = f" ({frames[-1][0]}, line {frames[-1][1]})" if frames else ""
    said = " ".join(f"{type(error).__name__}: {message}".split()) if message else type(error).__name__
    return said[:LONGEST] + where
