"""Measures how soon an exported model answers, in Python TensorFlow 2.18 and in `tools/blip serve`.

    /tmp/blip-python/bin/python tools/src/test/python/serving_start.py --model EXPORTED

EXPORTED is the folder of a version (served/captioner/1). Printed are the seconds that reading the file
of weights takes (the shortest of five reads into memory, the file being in the page cache), those of a
steady answer (the median of several), and, each in a process of its own and `--repeat` times:

* python: from the call that loads the model to its first answer, beside (read + steady);
* serve: from the program's start to its last word before it listens, and of that the loading and
  warming of the model;
* warmed: the first request to that server beside a steady one.

The picture, 640 x 480 pixels, is made here. Nothing is compared; the exit status is always 0.
"""

import argparse
import base64
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import urllib.request

REQUESTS = 5


def picture():
    """A JPEG file that only TensorFlow is needed for."""
    import numpy as np
    import tensorflow as tf

    noise = np.random.default_rng(3).integers(0, 256, (48, 64, 3), np.uint8)
    return tf.io.encode_jpeg(np.kron(noise, np.ones((10, 10, 1), np.uint8))).numpy()


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def read(folder):
    """Seconds to read the weights into memory that is there already."""
    file = folder / "variables" / "variables.data-00000-of-00001"
    memory = bytearray(file.stat().st_size)

    def once():
        with open(file, "rb", buffering=0) as stream:
            stream.readinto(memory)

    once()
    return min(seconds(once) for _ in range(5))


def values(inputs, photo):
    """A row for inputs of a signature, by name."""
    return {n: photo if n.endswith("_bytes") else 1 if n in ("seed", "top_k") else "a dog" for n in inputs}


def one_start(folder, key):
    """In a process of its own: loads, answers, and prints what that took."""
    import tensorflow as tf

    tf.constant(1) + tf.constant(1)  # TensorFlow itself starts
    photo = picture()
    start = time.perf_counter()
    signature = tf.saved_model.load(str(folder)).signatures[key]
    loaded = time.perf_counter() - start
    specs = signature.structured_input_signature[1]
    rows = values(specs, photo)
    tensors = {name: tf.constant([rows[name]], spec.dtype) for name, spec in specs.items()}
    signature(**tensors)
    first = time.perf_counter() - start
    steady = statistics.median(seconds(lambda: signature(**tensors)) for _ in range(REQUESTS))
    print(json.dumps({"loaded": loaded, "first": first, "steady": steady, "names": sorted(specs)}))


def served(launcher, folder, key, names, photo):
    """Seconds to listening, of the first request, and of a steady one."""
    start = time.perf_counter()
    command = [launcher, "serve", "--model", f"m={folder.parent}", "--port", "0", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = json.loads(server.stdout.readline())["listening"] + "/v1/models/m:predict"
        listening = time.perf_counter() - start
        row = values(names, {"b64": base64.b64encode(photo).decode()})
        body = json.dumps({"signature_name": key, "instances": [row]}).encode()

        def ask():
            urllib.request.urlopen(url, body).read()

        first = seconds(ask)
        return listening, first, statistics.median(seconds(ask) for _ in range(REQUESTS))
    finally:
        server.terminate()
        server.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    launcher = pathlib.Path(__file__).resolve().parents[3] / "blip"
    arguments.add_argument("--model", required=True, help="the folder of a version")
    arguments.add_argument("--signature", default="serving_default", help="(serving_default)")
    arguments.add_argument("--blip", default=str(launcher), help="the launcher")
    arguments.add_argument("--repeat", type=int, default=3, help="starts of each kind (3)")
    arguments.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    folder = pathlib.Path(options.model)
    if options.one:
        one_start(folder, options.signature)
        return
    own = [sys.executable, __file__, "--one", "--model", folder, "--signature", options.signature]
    for _ in range(options.repeat):
        disk = read(folder)
        print(f"load average {os.getloadavg()[0]:.1f}; reading the weights takes {disk:.2f} s")
        run = subprocess.run(own, stdout=subprocess.PIPE, check=True, text=True)
        python = json.loads(run.stdout.splitlines()[-1])
        bound = disk + python["steady"]
        print(
            f"python: first answer {python['first']:.2f} s after the call (loaded after"
            f" {python['loaded']:.2f} s), steady {python['steady']:.2f} s,"
            f" {python['first'] / bound:.2f} times (read + steady)"
        )
        listening, first, steady = served(
            options.blip, folder, options.signature, python["names"], picture()
        )
        print(
            f"serve: listens {listening:.2f} s after its start, first request {first:.2f} s,"
            f" steady {steady:.2f} s, {first / steady:.2f} times;"
            f" listening and first answer {(listening + first) / (disk + steady):.2f} times (read + steady)",
            flush=True,
        )


if __name__ == "__main__":
    main()
