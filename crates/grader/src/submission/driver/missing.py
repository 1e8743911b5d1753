# What stands for modules that are not there, and for names that only a notebook has.


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
        return ImportError(f"{self._name} is not there when this is graded")

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
