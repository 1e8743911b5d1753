"""Asks TensorBoard's own plugins what they show of a folder of runs.

    python read_board.py LOGDIR...

prints a line of JSON for each folder, in their order:

    {"categories": [TITLE, ...],
     "bands": {CHART: {RUN: {"value": POINTS, "lower": POINTS, "upper": POINTS}}},
     "incomplete": [[CHART, RUN], ...],
     "metrics": [TAG, ...],
     "sessions": {RUN: {"hparams": {NAME: VALUE}, "metrics": {TAG: VALUE}}}}

Steps are numbers; values are strings as in read_events.py, texts as they are.

These are the charts of the page Custom Scalars, the runs that each draws, and the runs that have some of its
tags and not all, which the page reports as missing; then the metrics and the rows of the page HParams.
POINTS are [[STEP, VALUE], ...].

The answers are those of TensorBoard's routes, through its WSGI application without a server. The page's own
script is not run: which runs a chart draws is decided here as in `tf-custom-scalar-margin-chart-card.ts`.

Needs the packages of requirements.txt.
"""

import json
import re
import sys

from tensorboard.backend import application
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from tensorboard.plugins.custom_scalar.custom_scalars_plugin import CustomScalarsPlugin
from tensorboard.plugins.hparams.hparams_plugin import HParamsPlugin
from tensorboard.plugins.scalar.scalars_plugin import ScalarsPlugin
from werkzeug.test import Client

EVERYTHING = {kind: 0 for kind in ("scalars", "custom_scalars", "hparams")}
ANY_STATUS = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]


class Board:
    def __init__(self, logdir):
        multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance=EVERYTHING)
        multiplexer.AddRunsFromDirectory(logdir)
        multiplexer.Reload()
        self.runs = sorted(multiplexer.Runs())
        provider = data_provider.MultiplexerDataProvider(multiplexer, logdir)
        plugins = {}
        context = base_plugin.TBContext(
            logdir=logdir, data_provider=provider, plugin_name_to_instance=plugins
        )
        for plugin in (ScalarsPlugin, CustomScalarsPlugin, HParamsPlugin):
            plugins[plugin.plugin_name] = plugin(context)
        self.client = Client(application.TensorBoardWSGI(list(plugins.values()), data_provider=provider))

    def ask(self, route, **request):
        answer = self.client.open(f"/data/plugin/{route}", **request)
        if answer.status_code != 200:
            sys.exit(f"{route}: {answer.status}: {answer.get_data(as_text=True)}")
        return json.loads(answer.get_data())

    def layout(self):
        return self.ask("custom_scalars/layout").get("category", [])

    def bands(self, chart):
        """The runs that a chart draws, and those that it reports as incomplete."""
        (series,) = chart["margin"]["series"]
        expression = "|".join(f"({re.escape(tag)})" for tag in series.values())
        drawn, incomplete = {}, []
        for run in self.runs:
            found = self.ask("custom_scalars/scalars", query_string={"tag": expression, "run": run})
            points = found["tag_to_events"]
            missing = [tag for tag in series.values() if tag not in points]
            if not missing:
                drawn[run] = {
                    part: [[step, repr(value)] for _, step, value in points[tag]]
                    for part, tag in series.items()
                }
            elif len(missing) < len(series):
                incomplete.append([chart["title"], run])
        return drawn, incomplete

    def metrics(self):
        experiment = self.ask("hparams/experiment", method="POST", json={})
        return [metric["name"]["tag"] for metric in experiment["metricInfos"]]

    def sessions(self):
        request = {"startIndex": 0, "sliceSize": 1000, "allowedStatuses": ANY_STATUS}
        groups = self.ask("hparams/session_groups", method="POST", json=request)["sessionGroups"]
        return {
            group["name"]: {
                "hparams": {
                    name: value if isinstance(value, str) else repr(value)
                    for name, value in group["hparams"].items()
                },
                "metrics": {
                    metric["name"]["tag"]: repr(metric["value"])
                    for metric in group["metricValues"]
                },
            }
            for group in groups
        }


def read(logdir):
    board = Board(logdir)
    layout = board.layout()
    bands, incomplete = {}, []
    for category in layout:
        for chart in category["chart"]:
            bands[chart["title"]], missing = board.bands(chart)
            incomplete += missing
    return {
        "categories": [category["title"] for category in layout],
        "bands": bands,
        "incomplete": incomplete,
        "metrics": board.metrics(),
        "sessions": board.sessions(),
    }


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: read_board.py LOGDIR...")
    for logdir in sys.argv[1:]:
        print(json.dumps(read(logdir)))


main()
