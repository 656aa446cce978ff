"""Holds an exported model to the rules of TensorFlow Serving, with Python TensorFlow 2.18.

    python -m venv /tmp/blip-python
    /tmp/blip-python/bin/pip install "tensorflow==2.18.*"
    /tmp/blip-python/bin/pip install --no-deps "tensorflow-serving-api==2.18.*"
    /tmp/blip-python/bin/python tools/src/test/python/serving_conformance.py --model EXPORTED

EXPORTED is the folder of a version (served/captioner/1). `mvn -Pserving verify` runs this on a
model of every kind. Each signature is called with rows drawn from a pool that has broken ones among
them: alone, in 200 random batches, and in 200 random merges of several requests as Serving makes
them (concatenated, padded up to an allowed size with the first row of the last request, split). A
row has to answer the same every time: texts equal, numbers within 1e-5. Then the warm-up records are
replayed, and saved_model_cli and Keras have to read the model as well.
"""

import argparse
import itertools
import os
import pathlib
import re
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf

import checking

TOLERANCE = 1e-5
ALLOWED = (1, 2, 4, 8, 16)
TEXTS = [
    b"a red circle",
    b"A small BLUE square, and a dog!",
    b"",
    "caf\u00e9 \u4e2d\u6587 \U0001f600".encode(),
    b"caf\xe9",
    b"dog " * 60,
]
LISTS = [b"red\nblue", b"a dog\nthe cat\nred\n\nblue", b"yes", b"", b"caf\xe9\nno"]
HISTORIES = [b"", b"is it red?\tyes\n", b"a dog?\tno\nno answer\nthe cat?\tit is, blue\n"]
NUMBERED = re.compile(r"[-+0-9.e]+$")


def pictures():
    """Files of several formats and sizes, a cut one, and one that is no picture."""
    random = np.random.default_rng(3)
    files = []
    for i in range(4):
        pixels = np.empty((40 + 10 * i, 60, 3), np.uint8)
        pixels[:] = random.integers(0, 256, 3, np.uint8)
        pixels[10:30, 5 + 5 * i : 30 + 5 * i] = random.integers(0, 256, 3, np.uint8)
        encode = tf.io.encode_png if i == 1 else tf.io.encode_jpeg
        files.append(encode(pixels).numpy())
    return files + [files[0][: len(files[0]) // 2], b"no picture"]


class Rows:
    """Rows of a signature, drawn from pools by the names and types of its inputs."""

    def __init__(self, specs, vocabulary, random):
        self.random = random
        self.files = pictures()
        self.vocabulary = vocabulary
        self.specs = specs

    def one(self):
        return {name: self.value(name, spec) for name, spec in self.specs.items()}

    def value(self, name, spec):
        random = self.random
        if name.endswith("_bytes"):
            return random.choice(np.array(self.files, object))
        if name == "answers":
            return random.choice(np.array(LISTS, object))
        if name == "history":
            return random.choice(np.array(HISTORIES, object))
        if spec.dtype == tf.string:
            return random.choice(np.array(TEXTS, object))
        shape = spec.shape[1:]
        if name == "token_ids":
            return self.tokens(shape[0])
        if spec.dtype == tf.int64:
            return np.int64(random.integers(0, 4))
        return random.normal(size=shape).astype(np.float32)

    def tokens(self, width):
        """[CLS], pieces, [SEP], padding; now and then without an end or with an unknown piece."""
        row = np.zeros(width, np.int64)
        length = self.random.integers(0, min(8, width - 2))
        row[0] = self.vocabulary.index("[CLS]")
        row[1 : length + 1] = self.random.integers(1, len(self.vocabulary), length)
        kind = self.random.integers(0, 6)
        row[length + 1] = self.vocabulary.index("[SEP]") if kind else -7
        return row


def feed(rows, specs):
    """One tensor an input, a row each."""
    tensors = {}
    for name, spec in specs.items():
        values = [row[name] for row in rows]
        shape = [len(rows), *spec.shape[1:]]
        tensors[name] = tf.reshape(tf.constant(values, spec.dtype), shape)
    return tensors


def call(signature, tensors):
    return {name: value.numpy() for name, value in signature(**tensors).items()}


class Comparison:
    """Whether rows of an answer are what they were alone."""

    def __init__(self, check, key):
        self.check = check
        self.key = key

    def row(self, whole, place, alone, what):
        for name, values in whole.items():
            told = f"{self.key}: {name} of {what}"
            actual, expected = values[place], alone[name][0]
            if name in ("ranking", "scores"):
                self.lines(actual.decode(), expected.decode(), told)
            elif isinstance(expected, bytes):
                self.check.equal(actual.decode(), expected.decode(), told)
            elif expected.dtype == np.int64:
                self.check.equal(actual.tolist(), expected.tolist(), told)
            else:
                self.check.close(actual, expected, told)

    def lines(self, actual, expected, what):
        """Lines of a text, a tab and a number, or of a number alone."""
        def parts(lines):
            return [(NUMBERED.sub("", line), float(NUMBERED.search(line)[0])) for line in lines]

        actual, expected = parts(actual.splitlines()), parts(expected.splitlines())
        self.check.equal([t for t, _ in actual], [t for t, _ in expected], what)
        if len(actual) == len(expected):
            self.check.close([n for _, n in actual], [n for _, n in expected], what)


def merge(requests, specs):
    """What Serving runs for several requests: concatenated and padded rows; and where each begins."""
    tensors = [feed(rows, specs) for rows in requests]
    for name in specs:
        shapes = {tuple(t[name].shape[1:]) for t in tensors}
        if len(shapes) != 1:
            raise ValueError(f"{name} has rows of the shapes {shapes}: these requests cannot merge")
    count = sum(map(len, requests))
    size = next(size for size in ALLOWED if size >= count)
    merged = {}
    for name in specs:
        filling = [tensors[-1][name][:1]] * (size - count)
        merged[name] = tf.concat([t[name] for t in tensors] + filling, 0)
    return merged, list(itertools.accumulate(map(len, requests), initial=0)), size


def check_rows(key, signature, vocabulary, check, random, times):
    """Rows alone, in batches and in merges of requests."""
    specs = dict(signature.structured_input_signature[1])
    rows = Rows(shapes(signature, specs), vocabulary, random)
    pool = [rows.one() for _ in range(8)]
    alone = [call(signature, feed([row], rows.specs)) for row in pool]
    compare = Comparison(check, key)
    for size in (1, 3, 8):
        whole = call(signature, feed(pool[:size], rows.specs))
        for i in range(size):
            compare.row(whole, i, alone[i], f"row {i} of the first {size}")
    for _ in range(times):
        some = random.integers(0, len(pool), random.integers(1, 9))
        whole = call(signature, feed([pool[i] for i in some], rows.specs))
        for place, i in enumerate(some):
            compare.row(whole, place, alone[i], f"row {i} at {place} of {some}")
    for _ in range(times):
        requests = [random.integers(0, 8, random.integers(1, 4)) for _ in range(random.integers(2, 6))]
        merged, begins, size = merge([[pool[i] for i in r] for r in requests], rows.specs)
        whole = call(signature, merged)
        for name, values in whole.items():
            check.equal(values.shape[0], size, f"{key}: rows of {name}")
        for request, begin in zip(requests, begins):
            for place, i in enumerate(request):
                compare.row(whole, begin + place, alone[i], f"row {i} of the request {request}")
    none = call(signature, {n: tf.zeros([0, *s.shape[1:]], s.dtype) for n, s in rows.specs.items()})
    for name, value in none.items():
        check.equal(value.shape[0], 0, f"{key}: rows of {name} of no rows")


def shapes(signature, specs):
    """Inputs with the sizes of the signature's definition, which the graph may not know."""
    definition = signature.definition
    return {
        name: tf.TensorSpec(
            [None] + [d.size for d in definition.inputs[name].tensor_shape.dim[1:]], spec.dtype
        )
        for name, spec in specs.items()
    }


def check_warmup(folder, signatures, check):
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError:
        sys.exit('pip install --no-deps "tensorflow-serving-api==2.18.*" to replay the warm-up')
    seen = set()
    file = folder / "assets.extra" / "tf_serving_warmup_requests"
    for record in tf.data.TFRecordDataset(str(file)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        key = request.model_spec.signature_name
        tensors = {n: tf.constant(tf.make_ndarray(p)) for n, p in request.inputs.items()}
        answer = call(signatures[key], tensors)
        check.equal(answer["status"].shape, (1,), f"rows of the warm-up of {key}")
        seen.add(key)
    check.equal(sorted(seen), sorted(signatures), "signatures that are warmed up")


def check_tools(folder, signatures, check):
    """saved_model_cli and a Keras layer."""
    command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli"]
    quiet = {"capture_output": True, "text": True, "check": False}
    show = subprocess.run([*command, "show", "--dir", str(folder), "--all"], **quiet)
    for key in signatures:
        check.that(f"signature_def['{key}']" in show.stdout, f"saved_model_cli shows {key}")
    key = next((k for k in ("caption", "image_embedding") if k in signatures), None)
    if key is None:
        return
    file = pictures()[1]
    wanted = ["run", "--dir", str(folder), "--tag_set", "serve", "--signature_def", key]
    given = ["--input_exprs", f"image_bytes={[file]!r}"]
    run = subprocess.run([*command, *wanted, *given], **quiet)
    check.that("Result for output key status" in run.stdout, f"saved_model_cli runs {key}: {run.stderr[-300:]}")
    layer = tf.keras.layers.TFSMLayer(str(folder), call_endpoint=key)
    expected = call(signatures[key], {"image_bytes": tf.constant([file, b"none"])})
    for name, value in layer(tf.constant([file, b"none"])).items():
        check.equal(value.numpy().tolist(), expected[name].tolist(), f"{name} of a Keras layer")


def definitions(folder):
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    return model.meta_graphs[0].signature_def


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--model", required=True, help="the folder of a version")
    arguments.add_argument("--seed", type=int, default=1, help="of rows and batches (1)")
    arguments.add_argument("--batches", type=int, default=200, help="and as many merges (200)")
    options = arguments.parse_args()
    folder = pathlib.Path(options.model)
    check = checking.Check(TOLERANCE)
    random = np.random.default_rng(options.seed)
    vocabulary = (folder / "assets.extra" / "vocab.txt").read_text().splitlines()
    loaded = tf.saved_model.load(str(folder))
    signatures = dict(loaded.signatures)
    for key, definition in definitions(folder).items():
        signatures[key].definition = definition
        check.equal(definition.method_name, "tensorflow/serving/predict", f"method of {key}")
    distinct = [key for key in sorted(signatures) if key != "serving_default"]
    for key in distinct:
        times = -(-options.batches // len(distinct))
        check_rows(key, signatures[key], vocabulary, check, random, times)
    check_warmup(folder, signatures, check)
    check_tools(folder, signatures, check)
    check.finish()


if __name__ == "__main__":
    main()
