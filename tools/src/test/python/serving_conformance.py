"""Holds an exported model to the rules of TensorFlow Serving, with Python TensorFlow 2.18.

    python -m venv /tmp/blip-python
    /tmp/blip-python/bin/pip install "tensorflow==2.18.*"
    /tmp/blip-python/bin/pip install --no-deps "tensorflow-serving-api==2.18.*"
    /tmp/blip-python/bin/python tools/src/test/python/serving_conformance.py --model EXPORTED

EXPORTED is the folder of a version (served/captioner/1). `mvn -Pserving verify` runs this on a
model of every kind. Each signature is called with rows drawn from a pool that has broken ones among
them: alone, in 200 random batches, and in 200 random merges of several requests as Serving makes
them (concatenated, padded up to an allowed size with the first row of the last request, split). A
row has to answer the same every time: texts equal, numbers within 1e-5. Each kind of broken row is put
between good ones: it has a status and nothing else, they have their answers. A signature NAME_tensor has
to answer as NAME when it is given what the graph made of the bytes. Then the warm-up records are replayed,
and saved_model_cli, Keras and a program in C (where there is a compiler) have to run the model as well.
"""

import argparse
import functools
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
import serving_c

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


@functools.cache
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

    def good(self, picture):
        """A row without faults; picture is 0 or 1."""
        row = self.one()
        for name, spec in self.specs.items():
            if name.endswith("_bytes"):
                row[name] = self.files[picture]
            elif name == "answers":
                row[name] = LISTS[picture]
            elif name == "history":
                row[name] = HISTORIES[picture]
            elif spec.dtype == tf.string:
                row[name] = TEXTS[picture]
            elif name == "token_ids":
                colour = ("red", "blue")[picture]
                row[name] = self.words(spec.shape[1], ["[CLS]", "a", colour, "[SEP]"])
            elif name == "top_k":
                row[name] = np.int64(2)
        return row

    def broken(self, name):
        """Values of an input that a row cannot be answered with."""
        if name == "token_ids":
            width = self.specs[name].shape[1]
            endless = self.words(width, ["[CLS]", "a", "red"])
            unknown = self.words(width, ["[CLS]", "a", "red", "[SEP]"])
            unknown[1] = len(self.vocabulary)
            return [endless, unknown]
        if name.endswith("_bytes"):
            return self.files[4:] + [b""]
        if name == "answers":
            return [b"", b"caf\xe9\nno"]
        return [b"caf\xe9"] if self.specs[name].dtype == tf.string else []

    def words(self, width, pieces):
        row = np.zeros(width, np.int64)
        row[: len(pieces)] = [self.vocabulary.index(piece) for piece in pieces]
        return row

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


def check_broken(key, signature, vocabulary, check, random):
    """Each kind of broken row between two good ones."""
    rows = Rows(shapes(signature, dict(signature.structured_input_signature[1])), vocabulary, random)
    good = [rows.good(0), rows.good(1)]
    alone = [call(signature, feed([row], rows.specs)) for row in good]
    compare = Comparison(check, key)
    for row in alone:
        check.equal(row["status"][0].decode(), "", f"{key}: status of a good row")
    same = all(np.array_equal(alone[0][name], alone[1][name]) for name in alone[0])
    check.that(not same, f"{key}: answers of different rows differ")
    for name in rows.specs:
        for value in rows.broken(name):
            what = f"{name} = {value[:12]!r}"
            whole = call(signature, feed([good[0], {**good[1], name: value}, good[1]], rows.specs))
            compare.row(whole, 0, alone[0], f"the row before {what}")
            compare.row(whole, 2, alone[1], f"the row after {what}")
            check.that(whole["status"][1] != b"", f"{key}: a status of {what}")
            for output, values in whole.items():
                if output != "status":
                    empty = values[1] == b"" if values.dtype == object else not np.any(values[1])
                    check.that(empty, f"{key}: {output} of {what} is {values[1]!r}")


def check_tensors(folder, keys, vocabulary, check, random):
    """NAME_tensor with what the graph makes of the inputs of NAME."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
        signatures = definitions(folder)

        def run(key, feeds):
            given = {info.name: feeds[name] for name, info in signatures[key].inputs.items()}
            outputs = {name: info.name for name, info in signatures[key].outputs.items()}
            return session.run(outputs, given)

        for key in keys:
            inputs = {
                name: tf.TensorSpec([None] + [d.size for d in i.tensor_shape.dim[1:]], i.dtype)
                for name, i in signatures[key].inputs.items()
            }
            rows = Rows(inputs, vocabulary, random)
            good = [rows.good(0), rows.good(1)]  # what is made of equal bytes is made once
            given = {
                name: np.array([row[name] for row in good], tf.as_dtype(spec.dtype).as_numpy_dtype)
                for name, spec in inputs.items()
            }
            made = signatures[f"{key}_tensor"].inputs
            feeds = {signatures[key].inputs[name].name: value for name, value in given.items()}
            tensors = session.run({name: info.name for name, info in made.items()}, feeds)
            if "token_ids" in tensors:
                ids, width = tensors["token_ids"], made["token_ids"].tensor_shape.dim[1].size
                padding = [(0, 0), (0, width - ids.shape[1])]
                tensors["token_ids"] = np.pad(ids, padding, constant_values=vocabulary.index("[PAD]"))
            whole, alone = run(f"{key}_tensor", tensors), run(key, given)
            compare = Comparison(check, f"{key}_tensor")
            for i in range(len(good)):
                row = {name: values[i : i + 1] for name, values in alone.items()}
                compare.row(whole, i, row, f"row {i} beside {key}")


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


def check_c_library(folder, signatures, check):
    """TensorFlow's C library: three rows, one of them broken."""
    if "caption" in signatures:
        rows = [pictures()[0], b"no picture", pictures()[1]]
        expected = call(signatures["caption"], {"image_bytes": tf.constant(rows)})
        serving_c.compare(folder, definitions(folder)["caption"], rows, expected, check)


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
        check_broken(key, signatures[key], vocabulary, check, random)
    pairs = [key for key in distinct if f"{key}_tensor" in signatures]
    check_tensors(folder, pairs, vocabulary, check, random)
    check_warmup(folder, signatures, check)
    check_tools(folder, signatures, check)
    check_c_library(folder, signatures, check)
    check.finish()


if __name__ == "__main__":
    main()
