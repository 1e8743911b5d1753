"""Reads event files with TensorBoard's own reader and prints what is in them.

    python read_events.py FILE...

prints a line of JSON for each file, in their order:

    {"scalars": {TAG: [[STEP, VALUE], ...]},
     "hparams": {NAME: VALUE},
     "histograms": {TAG: [{"step": STEP, "min": VALUE, "max": VALUE, "num": VALUE, "sum": VALUE,
                           "sum_squares": VALUE, "bucket_limit": [VALUE, ...],
                           "bucket": [VALUE, ...]}, ...]}}

Steps are numbers. Values are strings, the shortest that read back as the same double ("0.1",
"inf", "nan"): JSON has no infinity, and its readers may round. Tags are in order, entries in the
file's order.

TensorBoard stops at a damaged record without a word. So each record's length and both checksums are
checked first, then that TensorBoard read as many events as there are records, each with its step
for its time. A file of which that does not hold, or with anything in it but scalars, histograms and the
parameters of the run, gives {"error": MESSAGE} instead.

Needs the packages of requirements.txt.
"""

import json
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.hparams import metadata

EVERYTHING = {kind: 0 for kind in ("scalars", "histograms", "compressedHistograms", "tensors")}
HISTOGRAM_FIELDS = ("min", "max", "num", "sum", "sum_squares")
HISTOGRAM_LISTS = ("bucket_limit", "bucket")


class Damaged(Exception):
    pass


def count_records(data):
    """The number of records that `data` consists of."""
    records, offset = 0, 0

    def take(size):
        nonlocal offset
        if len(data) - offset < size:
            raise Damaged(f"record {records} ends after the file")
        offset += size
        return data[offset - size : offset]

    def checked(size, what):
        part = take(size)
        if struct.unpack("<I", take(4)) != (masked_crc32c(part),):
            raise Damaged(f"the checksum of the {what} of record {records} is wrong")
        return part

    while offset < len(data):
        (length,) = struct.unpack("<Q", checked(8, "length"))
        checked(length, "payload")
        records += 1
    return records


def read(path):
    with open(path, "rb") as file:
        records = count_records(file.read())
    events = list(LegacyEventFileLoader(path).Load())
    if len(events) != records:
        raise Damaged(f"{records} records, of which TensorBoard read {len(events)}")
    if not events or events[0].file_version != "brain.Event:2":
        raise Damaged("the first event is not the version brain.Event:2")
    for position, event in enumerate(events):
        if event.wall_time != event.step:
            raise Damaged(f"event {position}: time {event.wall_time}, step {event.step}")

    accumulator = EventAccumulator(path, size_guidance=EVERYTHING).Reload()
    tags = accumulator.Tags()
    for kind, found in tags.items():
        # "distributions" are what TensorBoard makes of histograms.
        if kind == "tensors":
            found = [tag for tag in found if tag != metadata.SESSION_START_INFO_TAG]
        if found and kind not in ("scalars", "histograms", "distributions"):
            raise Damaged(f"unexpected {kind}: {found}")
    return {
        "scalars": {
            tag: [[scalar.step, repr(scalar.value)] for scalar in accumulator.Scalars(tag)]
            for tag in sorted(tags["scalars"])
        },
        "hparams": hparams(accumulator),
        "histograms": {
            tag: [histogram(event) for event in accumulator.Histograms(tag)]
            for tag in sorted(tags["histograms"])
        },
    }


def hparams(accumulator):
    content = accumulator.PluginTagToContent(metadata.PLUGIN_NAME) if accumulator.Tags()["tensors"] else {}
    found = {}
    for data in content.values():
        for name, value in metadata.parse_session_start_info_plugin_data(data).hparams.items():
            kind = value.WhichOneof("kind")
            found[name] = repr(value.number_value) if kind == "number_value" else getattr(value, kind)
    return found


def histogram(event):
    value = event.histogram_value
    return (
        {"step": event.step}
        | {field: repr(getattr(value, field)) for field in HISTOGRAM_FIELDS}
        | {field: [repr(item) for item in getattr(value, field)] for field in HISTOGRAM_LISTS}
    )


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: read_events.py FILE...")
    for path in sys.argv[1:]:
        try:
            result = read(path)
        except Damaged as error:
            result = {"error": f"{path}: {error}"}
        print(json.dumps(result))


main()
