"""Calls an exported model from Python TensorFlow 2.18 and compares it with the command line.

    python -m venv /tmp/blip-python && /tmp/blip-python/bin/pip install tensorflow==2.18.0
    /tmp/blip-python/bin/python tools/src/test/python/serving_check.py --model MODEL

MODEL is a model folder. It is exported to a temporary folder, loaded by tf.saved_model.load and
called with pictures that this program draws, one of them damaged: captions must be equal to those
that `tools/blip caption` prints, scores within 1e-5, whatever the size of the batch.
"""

import functools
import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf

import checking

TOLERANCE = 1e-5
QUESTIONS = ["what is red?", "is the SMALL dog, or the cat, in the picture?"]
TEXTS = ["a red circle", "A small BLUE square, and a dog!", "nothing of all this"]


def pictures(folder):
    """Four JPEG files, one PNG and one that is cut off; names in order."""
    random = np.random.default_rng(3)
    names = []
    for i in range(6):
        pixels = np.empty((90 + 10 * i, 120, 3), np.uint8)
        pixels[:] = random.integers(0, 256, 3, np.uint8)
        pixels[20:60, 10 + 10 * i : 60 + 10 * i] = random.integers(0, 256, 3, np.uint8)
        png = i == 3
        encoded = (tf.io.encode_png if png else tf.io.encode_jpeg)(pixels).numpy()
        path = folder / f"{i}.{'png' if png else 'jpg'}"
        path.write_bytes(encoded[: len(encoded) // 2] if i == 4 else encoded)
        names.append(path)
    return names


# The damaged picture ends a command with 1.
blip = functools.partial(checking.blip, statuses=(0, 1))


def strings(tensor):
    return [value.decode() for value in tensor.numpy()]


def check_captions(signature, files, expected, check):
    data = [file.read_bytes() for file in files]
    whole = signature(image_bytes=tf.constant(data))
    for i, file in enumerate(files):
        row = expected.get(str(file))
        status = strings(whole["status"])[i]
        if row is None:
            check.that(status != "", f"{file.name} has a status")
            check.equal(strings(whole["caption"])[i], "", f"caption of {file.name}")
            continue
        check.equal(status, "", f"status of {file.name}")
        check.equal(strings(whole["caption"])[i], row["caption"], f"caption of {file.name}")
        check.close(whole["log_prob"][i], row["log_prob"], f"log_prob of {file.name}")
    for size in (1, 3):
        for start in range(0, len(data), size):
            part = signature(image_bytes=tf.constant(data[start : start + size]))
            here = strings(whole["caption"])[start : start + size]
            check.equal(strings(part["caption"]), here, f"captions in batches of {size}")
            there = whole["log_prob"][start : start + size]
            check.close(part["log_prob"], there, f"log_prob in batches of {size}")
    none = signature(image_bytes=tf.constant([], tf.string))
    check.equal(none["caption"].shape, (0,), "shape of an empty batch")


def check_texts(signature, fixed, name, check):
    """A text that is too long is cut, one that is no UTF-8 fails, and neither harms the others."""
    rows = ["a red circle".encode(), ("dog " * 600).encode(), b"caf\xe9"]
    inputs = {key: tf.constant([value] * len(rows)) for key, value in fixed.items()}
    status = strings(signature(**inputs, **{name: tf.constant(rows)})["status"])
    check.equal(status[0], "", f"status of a good {name}")
    check.that("cut: " in status[1] or "no room" in status[1] or "shorten" in status[1], status[1])
    check.that("not UTF-8" in status[2], status[2])
    none = {key: value[:0] for key, value in inputs.items()}
    empty = signature(**none, **{name: tf.constant([], tf.string)})
    check.equal(empty["status"].shape, (0,), f"shape without a {name}")


def check_prompted(signature, files, launcher, model, check):
    prompt = "a small red"
    rows = blip(launcher, "caption", "--model", model, "--prompt", prompt, *files)
    expected = {row["image"]: row for row in rows}
    data = [file.read_bytes() for file in files]
    whole = signature(image_bytes=tf.constant(data), prompt=tf.constant([prompt] * len(data)))
    for i, file in enumerate(files):
        row = expected.get(str(file))
        if row is None:
            check.that(strings(whole["status"])[i] != "", f"{file.name} has a status")
            continue
        check.equal(strings(whole["caption"])[i], row["caption"], f"prompted caption of {file.name}")
        check.close(whole["log_prob"][i], row["log_prob"], f"log_prob of it, {file.name}")
    check.equal(len(expected), len(files) - 1, "prompted captions printed")


def check_other_captions(signatures, files, check):
    data = [file.read_bytes() for file in files]
    sample = signatures["caption_sample"]
    seeds = list(range(len(data)))
    whole = sample(image_bytes=tf.constant(data), seed=tf.constant(seeds, tf.int64))
    for i, one in enumerate(data):
        alone = sample(image_bytes=tf.constant([one]), seed=tf.constant([i], tf.int64))
        check.equal(strings(alone["caption"])[0], strings(whole["caption"])[i], f"sample {i}")
        check.close(alone["log_prob"], whole["log_prob"][i], f"log_prob of sample {i}")
    none = sample(image_bytes=tf.constant([], tf.string), seed=tf.constant([], tf.int64))
    check.equal(none["caption"].shape, (0,), "shape of no samples")
    prompted = signatures["caption_prompted"]
    check_texts(prompted, {"image_bytes": data[0]}, "prompt", check)
    prompts = tf.constant(["a picture of", "a", ""])
    answer = prompted(image_bytes=tf.constant(data[:3]), prompt=prompts)
    for i in range(3):
        alone = prompted(image_bytes=tf.constant(data[i : i + 1]), prompt=prompts[i : i + 1])
        what = f"caption of prompt {i}"
        check.equal(strings(alone["caption"])[0], strings(answer["caption"])[i], what)


def check_match(signatures, files, launcher, model, check):
    data = [file.read_bytes() for file in files]
    images = checking.each("--image", files)
    texts = checking.each("--text", TEXTS)
    check_texts(signatures["match"], {"image_bytes": data[0]}, "text", check)
    check_texts(signatures["text_embedding"], {}, "text", check)
    rows = blip(launcher, "match", "--model", model, *images, *texts)
    expected = {(row["image"], row["text"]): row for row in rows}
    for file, one in zip(files, data):
        answer = signatures["match"](
            image_bytes=tf.constant([one] * len(TEXTS)), text=tf.constant(TEXTS)
        )
        image = signatures["image_embedding"](image_bytes=tf.constant([one]))
        text = signatures["text_embedding"](text=tf.constant(TEXTS))
        cosine = tf.linalg.matvec(text["embedding"], image["embedding"][0])
        check.close(cosine, answer["itc_cosine"], f"cosine of the embeddings of {file.name}")
        for i, words in enumerate(TEXTS):
            row = expected.get((str(file), words))
            if row is None:
                check.that(strings(answer["status"])[i] != "", f"{file.name} has a status")
                continue
            for name in ("itm_probability", "itc_cosine"):
                check.close(answer[name][i], row[name], f"{name} of {file.name}, {words}")


def check_embeddings(signatures, files, launcher, model, check):
    rows = blip(launcher, "embed", "images", "--model", model, *files)
    expected = {row["item"]: row["embedding"] for row in rows}
    for file in files:
        answer = signatures["image_embedding"](image_bytes=tf.constant([file.read_bytes()]))
        row = expected.get(str(file))
        if row is None:
            check.that(strings(answer["status"])[0] != "", f"{file.name} has a status")
        else:
            check.close(answer["embedding"][0], row, f"embedding of {file.name}")
    check.equal(len(expected), len(files) - 1, "embeddings printed")
    rows = blip(launcher, "embed", "texts", "--model", model, *TEXTS)
    answer = signatures["text_embedding"](text=tf.constant(TEXTS))
    check.equal([row["item"] for row in rows], TEXTS, "texts printed")
    for i, row in enumerate(rows):
        check.close(answer["embedding"][i], row["embedding"], f"embedding of {TEXTS[i]}")


def check_nlvr(signature, files, launcher, model, check, work):
    data = [file.read_bytes() for file in files]
    pairs = [(i, (i + 1) % len(files), TEXTS[i % len(TEXTS)]) for i in range(len(files))]
    lines = work / "pairs.tsv"
    lines.write_text("".join(f"{files[i]}\t{files[j]}\t{text}\n" for i, j, text in pairs))
    rows = blip(launcher, "nlvr", "--model", model, "--pairs", lines)
    expected = {(row["left"], row["right"]): row for row in rows}

    def ask(some):
        return signature(
            left_bytes=tf.constant([data[i] for i, _, _ in some], tf.string),
            right_bytes=tf.constant([data[j] for _, j, _ in some], tf.string),
            statement=tf.constant([text for _, _, text in some], tf.string),
        )

    check_texts(signature, {"left_bytes": data[0], "right_bytes": data[1]}, "statement", check)
    whole = ask(pairs)
    check.equal(ask([])["label"].shape[0], 0, "labels of no pairs")
    for row, (i, j, text) in enumerate(pairs):
        what = f"{files[i].name} and {files[j].name}"
        printed = expected.get((str(files[i]), str(files[j])))
        if printed is None:
            check.that(strings(whole["status"])[row] != "", f"{what} have a status")
            continue
        alone = ask([(i, j, text)])
        check.equal(strings(whole["label"])[row], printed["label"], f"label of {what}")
        check.close(whole["probability"][row], printed["probability"], f"probability of {what}")
        check.close(alone["probability"][0], printed["probability"], f"probability of {what}, alone")


def check_answers(signatures, files, launcher, model, check):
    data = [file.read_bytes() for file in files]
    images = checking.each("--image", files)
    questions = checking.each("--question", QUESTIONS)
    answers = files[0].parent / "answers.txt"
    answers.write_text("\n".join(TEXTS))
    check_texts(signatures["vqa"], {"image_bytes": data[0]}, "question", check)
    for key, options in (("vqa", []), ("vqa_rank", ["--answers", answers])):
        rows = blip(launcher, "vqa", "--model", model, *images, *questions, *options)
        expected = {(row["image"], row["question"]): row for row in rows}
        for file, one in zip(files, data):
            inputs = {
                "image_bytes": tf.constant([one] * len(QUESTIONS)),
                "question": tf.constant(QUESTIONS),
            }
            if key == "vqa_rank":
                inputs["answers"] = tf.constant(["\n".join(TEXTS)] * len(QUESTIONS))
                inputs["top_k"] = tf.constant([128] * len(QUESTIONS), tf.int64)
            whole = signatures[key](**inputs)
            for i, words in enumerate(QUESTIONS):
                row = expected.get((str(file), words))
                what = f"{key} of {file.name}, {words}"
                if row is None:
                    check.that(strings(whole["status"])[i] != "", f"{file.name} has a status")
                    check.equal(strings(whole["answer"])[i], "", what)
                    continue
                check.equal(strings(whole["answer"])[i], row["answer"], what)
                check.close(whole["log_prob"][i], row["log_prob"], f"log_prob of {what}")
                if key == "vqa_rank":
                    lines = strings(whole["ranking"])[i].split("\n")
                    check.equal(len(lines), len(TEXTS), f"lines of the ranking of {what}")
                    best, log_prob = lines[0].split("\t")
                    check.equal(best, row["answer"], f"first line of {what}")
                    check.close(float(log_prob), row["log_prob"], f"its number of {what}")
                alone = signatures[key](**{k: v[i : i + 1] for k, v in inputs.items()})
                check.equal(strings(alone["answer"])[0], row["answer"], f"{what}, alone")
        none = signatures[key](**{k: v[:0] for k, v in inputs.items()})
        check.equal(none["answer"].shape, (0,), "shape of an empty batch")


def main():
    options = checking.parser(__doc__, "a model folder").parse_args()
    check = checking.Check(TOLERANCE)
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        files = pictures(work)
        exported = blip(options.blip, "export", "--model", options.model, "--out", work / "out")
        loaded = tf.saved_model.load(exported[0]["folder"])
        signatures = loaded.signatures
        check.equal(sorted(signatures), sorted(exported[0]["signatures"]), "signatures")
        if "caption" in signatures:
            rows = blip(options.blip, "caption", "--model", options.model, *files)
            expected = {row["image"]: row for row in rows}
            check.equal(len(expected), len(files) - 1, "captions printed")
            check_captions(signatures["caption"], files, expected, check)
            check_captions(signatures["serving_default"], files, expected, check)
            check_other_captions(signatures, files, check)
            prompted = signatures["caption_prompted"]
            check_prompted(prompted, files, options.blip, options.model, check)
        if "match" in signatures:
            check_match(signatures, files, options.blip, options.model, check)
            check_embeddings(signatures, files, options.blip, options.model, check)
        if "nlvr" in signatures:
            check_nlvr(signatures["nlvr"], files, options.blip, options.model, check, work)
        if "vqa" in signatures:
            check_answers(signatures, files, options.blip, options.model, check)
    check.finish()


if __name__ == "__main__":
    main()
