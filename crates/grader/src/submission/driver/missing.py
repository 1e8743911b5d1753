# What stands for modules that are not there, and for names that only a notebook has.


# Libraries that no student hands in. Where one is not installed, its drawings and progress bars do no harm,
# and whatever computes with its results says what is missing.
LIBRARIES = set(sys.stdlib_module_names) | set(
    """IPython PIL altair autograd bokeh colorama cupy cv2 cython datasets dill einops flax google gym
    gymnasium h5py imageio ipywidgets jax jaxlib joblib keras lightning line_profiler matplotlib
    memory_profiler mpl_toolkits networkx nltk numba numexpr pandas plotly psutil pylab pytest
    pytorch_lightning requests rich scipy seaborn six skimage sklearn statsmodels sympy tabulate tensorboard
    tensorboardX tensorflow termcolor theano timm torch torchaudio torchmetrics torchsummary torchtext
    torchvision tqdm transformers typing_extensions wandb yaml""".split()
)


def unpacked(frame, item):
    """As many items as the statement that a frame has come to takes apart, as `fig, axes = plt.subplots()`
    does; None if it does something else, as a loop does."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return iter([item] * code[at + 1]) if code[at] == UNPACK else None


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
        if NotThere._is_loading or self._is_of_library():
            items = unpacked(sys._getframe(1), NotThere(f"{self._name}[…]"))
            if items is not None or NotThere._is_loading:
                return items or iter(())
        raise self._missing()

    def __call__(self, *arguments, **options):
        is_defined_here = (types.FunctionType, type)
        if len(arguments) == 1 and not options and isinstance(arguments[0], is_defined_here):
            return arguments[0]
        if self._name.startswith("tqdm.") and arguments:
            # A progress bar is around what a loop goes through.
            return range(*arguments) if self._name.endswith("trange") else arguments[0]
        if NotThere._is_loading or self._is_of_library():
            return NotThere(f"{self._name}(…)")
        raise self._missing()

    def _is_of_library(self):
        return self._name.split(".")[0] in LIBRARIES

    def _missing(self):
        if self._is_of_library():
            library = self._name.split(".")[0]
            return ImportError(f"{self._name}: {library} is not installed where this is graded")
        return ImportError(f"{self._name} is not there when this is graded")

    def _value_of_library(value):
        """An operation that gives a value of a library's, as long as nothing is computed with it."""

        def operation(self, *arguments):
            if NotThere._is_loading and self._is_of_library():
                return value(self)
            raise self._missing()

        return operation

    def _refuse(self, *arguments):
        raise self._missing()

    # NumPy asks for this before it computes.
    __array__ = _refuse
    __len__ = __int__ = __index__ = _value_of_library(lambda self: 0)
    __float__ = _value_of_library(lambda self: 0.0)
    __contains__ = __lt__ = __le__ = __gt__ = __ge__ = _value_of_library(lambda self: False)
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _value_of_library(lambda self: self)
    __matmul__ = __rmatmul__ = __truediv__ = __rtruediv__ = _value_of_library(lambda self: self)
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _value_of_library(lambda self: self)
    __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _value_of_library(lambda self: self)


class Stub(types.ModuleType):
    """A module that is not there."""

    __path__ = []
    __all__ = []

    def __getattr__(self, name):
        if name == "__version__":
            return "0"
        if name.startswith("__"):
            raise AttributeError(name)
        return NotThere(f"{self.__name__}.{name}")


class Nothing:
    """What commands of a notebook give where there is none: no lines, no number, no text. Anything may be
    asked of it, and nothing is done."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()

    def __call__(self, *arguments, **options):
        return Nothing()

    def __iter__(self):
        return unpacked(sys._getframe(1), Nothing()) or iter(())

    def __getitem__(self, key):
        return Nothing()

    def __str__(self):
        return ""

    def __len__(self):
        return 0

    __int__ = __index__ = __len__

    def __float__(self):
        return 0.0


class Shell(Nothing):
    """What `get_ipython()` is: it runs the Python of a cell and of a file, and no other command."""

    def run_cell_magic(self, magic, line, cell):
        if magic in CELLS_OF_PYTHON:
            run_for_shell(cell, sys._getframe(1).f_globals)
        return Nothing()

    def run_line_magic(self, magic, line, *more):
        if magic in ("run", "time", "prun"):
            run_for_shell(without_magic(f"%{magic} {line}"), sys._getframe(1).f_globals)
        return Nothing()

    magic = run_line_magic


def run_for_shell(source, names):
    exec(compile(source, FILE_NAME, "exec", dont_inherit=True), names)


# Names that a notebook finds without an import.
OF_NOTEBOOKS = {"get_ipython": Shell, "display": Nothing()}
