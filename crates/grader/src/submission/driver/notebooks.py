# Notebooks: the Python of their cells, which are run one after the other.

# The magics before a cell that is Python all the same.
CELLS_OF_PYTHON = ("time", "capture", "prun", "debug")
# The magics before a statement.
LINES_OF_PYTHON = re.compile(r"%(?:time|prun)\s+(?!-)(?=\S)")
# A file that is run as if its statements stood in the notebook.
RUN = re.compile(r"%run\s+(?:-\w\s+)*(?:\./)?([\w/]+?)(?:\.py)?$")
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
    runs = RUN.match(line.strip())
    if runs:
        return f"{indent}from {runs.group(1).strip('/').replace('/', '.')} import *"
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


def run_cell(cell, name, module):
    """Runs a cell, and gives its first error. What a statement needs that is not there, such as a folder
    with data, costs no other statement anything."""
    first_error = None
    try:
        tree = prepared(python_of(cell, name), name, module)
        is_of_future = any(getattr(node, "module", None) == "__future__" for node in tree.body)
        statements = [tree] if is_of_future else [ast.Module([node], []) for node in tree.body]
        for statement in statements:
            try:
                exec(compile(statement, name, "exec", dont_inherit=True), module.__dict__)
            except TooLong:
                raise
            except BaseException as error:
                first_error = first_error or error
    except BaseException as error:
        first_error = first_error or error
    return first_error


def run_cells(source, module):
    """Runs the cells of a notebook. The first error counts if the functions are not there in the end."""
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
            error = run_cell(cell, name, module)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except TooLong as late:
            error = late
        first_error = first_error or error
        if had_functions:
            spent += time.monotonic() - began
    if first_error is not None and not has_functions(module):
        raise first_error
