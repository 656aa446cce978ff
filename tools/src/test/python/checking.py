"""What the checks beside this file share: running `tools/blip` and counting comparisons."""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np


class Check:
    """Counts comparisons and says which failed."""

    def __init__(self, tolerance):
        self.tolerance = tolerance
        self.done = 0
        self.failed = 0

    def that(self, condition, what):
        self.done += 1
        if not condition:
            self.failed += 1
            print("FAIL", what)

    def equal(self, actual, expected, what):
        self.that(actual == expected, f"{what}: {actual!r}, expected {expected!r}")

    def close(self, actual, expected, what):
        actual, expected = np.asarray(actual), np.asarray(expected)
        worst = float(np.max(np.abs(actual - expected), initial=0))
        scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
        self.that(worst <= self.tolerance * scale, f"{what}: off by {worst}")

    def finish(self):
        print(f"{self.done - self.failed} of {self.done} comparisons passed")
        sys.exit(1 if self.failed else 0)


def parser(about, model):
    """Knows --model and --blip, the launcher."""
    arguments = argparse.ArgumentParser(description=about.splitlines()[0])
    arguments.add_argument("--model", required=True, help=model)
    launcher = pathlib.Path(__file__).resolve().parents[3] / "blip"
    arguments.add_argument("--blip", default=str(launcher), help="the launcher")
    return arguments


def blip(launcher, *arguments, statuses=(0,)):
    """Runs a command that has to end with one of the statuses; its JSON lines."""
    result = subprocess.run(
        [launcher, *map(str, arguments), "--json"], stdout=subprocess.PIPE, text=True, check=False
    )
    if result.returncode not in statuses:
        sys.exit(f"{launcher} {arguments[0]} ended with {result.returncode}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def each(option, values):
    """The option before each value."""
    return [argument for value in values for argument in (option, value)]
