"""Reads mappings with PyYAML, as Lightning reads hparams.yaml, and prints what it made of them.

    python read_yaml.py FILE...

prints a line of JSON for each file: [[KEY, TYPE, VALUE], ...] in the file's order, where TYPE is
Python's name of the type and VALUE a string, the shortest that reads back as the same value.

Needs the packages of requirements.txt.
"""

import json
import sys

import yaml

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        mapping = yaml.full_load(file)
    print(json.dumps([[key, type(value).__name__, str(value)] for key, value in mapping.items()]))
