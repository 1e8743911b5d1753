"""Reads an RO-Crate with its Python library, and prints a line for everything that is wrong with it.

The argument is the folder of the crate. The last line says how many files and studies were found.
"""

import sys
from pathlib import Path

from rocrate.rocrate import ROCrate

folder = Path(sys.argv[1])
crate = ROCrate(folder)
files = [entity for entity in crate.data_entities if entity.type == "File"]
for file in files:
    path = Path(file.source)
    if not path.is_file():
        print(f"{file.id}: found no file")
    elif path.stat().st_size != int(file["contentSize"]):
        print(f"{file.id}: found {path.stat().st_size} bytes, expected {file['contentSize']}")
    if not (file["name"] and file["description"] and file["encodingFormat"]):
        print(f"{file.id}: found no name, description or encodingFormat")

actions = crate.get_by_type("CreateAction")
for action in actions:
    # Where the library finds no entity, it leaves the reference as a string.
    software, study = action["instrument"], action["result"]
    if software.type != "SoftwareSourceCode" or study.type != "Dataset":
        print(f"{action.id}: found {software.type} and {study.type}")
    data = action["object"]
    for data_set in data if isinstance(data, list) else [data]:
        if not data_set["name"]:
            print(f"{action.id}: found an object without a name")

root = crate.root_dataset
for field in ["name", "description", "datePublished", "license", "author", "version"]:
    if not root[field]:
        print(f"./: found no {field}")
print(f"{len(files)} files, {len(actions)} studies")
