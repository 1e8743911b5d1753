"""A small stand-in for torch: a tensor is no array, and has other names for what it does."""

import numpy as np

float64 = np.float64


class Tensor:
    __array_ufunc__ = None

    def __init__(self, array):
        self._array = np.asarray(array)
        self.shape, self.dtype = self._array.shape, self._array.dtype

    def detach(self):
        return self

    def numpy(self):
        return self._array

    def __array__(self, *arguments, **options):
        raise TypeError("a tensor is no array")

    def mean(self, dim):
        return Tensor(self._array.mean(axis=dim))

    def sum(self, dim):
        return Tensor(self._array.sum(axis=dim))

    def var(self, dim, unbiased=True):
        return Tensor(self._array.var(axis=dim, ddof=int(unbiased)))

    def sqrt(self):
        return Tensor(np.sqrt(self._array))

    def view(self, *shape):
        return Tensor(self._array.reshape(shape))

    def numel(self):
        return self._array.size

    def __isub__(self, other):
        self._array -= array_of(other)
        return self


def array_of(value):
    return value._array if isinstance(value, Tensor) else value


def operation(name):
    def operate(self, other):
        return Tensor(getattr(np.asarray(self._array), name)(array_of(other)))

    return operate


for name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv"):
    setattr(Tensor, f"__{name}__", operation(f"__{name}__"))


def from_numpy(array):
    return Tensor(array)


def zeros(length, dtype):
    return Tensor(np.zeros(length, dtype))
