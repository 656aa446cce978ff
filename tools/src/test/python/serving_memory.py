"""Calls every signature of an exported model thousands of times and watches the process grow.

    /tmp/blip-python/bin/python tools/src/test/python/serving_memory.py --model EXPORTED --calls 10000

EXPORTED is the folder of a version (served/captioner/1); Python TensorFlow 2.18 on Linux. Each round
calls each signature once, with a row or three from a pool that has broken ones among them. After a
tenth of the rounds the memory has to stay: the exit status is 1 if the median of the last tenth is more
than 1 % above the median of the second tenth. Resident megabytes are printed on the way.
"""

import argparse
import os
import pathlib
import statistics
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf

import serving_conformance as serving

SHARE = 0.01


def resident():
    """Megabytes of this process in memory."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def pools(folder, loaded, random):
    """Inputs for each signature, made once."""
    vocabulary = (folder / "assets.extra" / "vocab.txt").read_text().splitlines()
    made = {}
    for key, definition in serving.definitions(folder).items():
        signature = loaded.signatures[key]
        signature.definition = definition
        specs = serving.shapes(signature, dict(signature.structured_input_signature[1]))
        rows = serving.Rows(specs, vocabulary, random)
        sizes = (1, 1, 1, 3, 3)
        made[key] = [serving.feed([rows.one() for _ in range(size)], specs) for size in sizes]
    return made


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--model", required=True, help="the folder of a version")
    arguments.add_argument("--calls", type=int, default=10_000, help="of each signature (10000)")
    options = arguments.parse_args()
    folder = pathlib.Path(options.model)
    loaded = tf.saved_model.load(str(folder))
    inputs = pools(folder, loaded, np.random.default_rng(1))
    tenth = options.calls // 10
    if tenth < 10:
        sys.exit(f"--calls {options.calls} is too few to tell; give 100 or more")
    told = {options.calls * share // 100 for share in (1, 5, 10, 20, 50, 100)}
    seen = []
    for done in range(1, options.calls + 1):
        for key, some in inputs.items():
            loaded.signatures[key](**some[done % len(some)])
        seen.append(resident())
        if done in told:
            print(f"{done} calls of each of {len(inputs)} signatures: {seen[-1]:.1f} MB", flush=True)
    before = statistics.median(seen[tenth : 2 * tenth])
    after = statistics.median(seen[-tenth:])
    growth = after / before - 1
    print(f"{before:.1f} MB in the second tenth, {after:.1f} MB in the last: {100 * growth:+.2f} %")
    sys.exit(growth > SHARE)


if __name__ == "__main__":
    main()
