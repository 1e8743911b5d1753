# Arrays as files in the format .npy, without code of NumPy's that could have been replaced.


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
