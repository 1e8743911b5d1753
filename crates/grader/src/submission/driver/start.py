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
from importlib.util import decode_source
from opcode import opmap

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
UNPACK = opmap["UNPACK_SEQUENCE"]
asarray, empty, frombuffer, ndindex, ndarray = np.asarray, np.empty, np.frombuffer, np.ndindex, np.ndarray
arange, float64 = np.arange, np.float64
