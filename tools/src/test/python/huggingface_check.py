"""Converts a model for Hugging Face, loads it with transformers and compares what both answer.

    python3 -m venv /tmp/blip-hf && /tmp/blip-hf/bin/pip install torch==2.6.0 transformers==4.46.3 pillow
    /tmp/blip-hf/bin/python tools/src/test/python/huggingface_check.py --model MODEL [--task TASK]

MODEL is a model of any form. `from_pretrained` must load it without a warning, a missing or an
unexpected tensor. Pictures that this program draws must get the same token ids from `generate` as
from `tools/blip caption` (greedy and with beams), the same logits and cosines as from `tools/blip
match`, and a model of questions the same answers as from `tools/blip vqa`.
"""

import json
import logging
import pathlib
import tempfile
import warnings

import numpy as np
import torch
import transformers
from PIL import Image

import checking
from checking import blip

TOLERANCE = 1e-4
TEXTS = ["a red circle", "two blue squares on a table", "nothing of all this"]
QUESTIONS = ["what is this", "how many dogs are there in the picture"]


class Warnings(logging.Handler):
    """Keeps whatever transformers warns of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def pictures(folder, side):
    """PNG files of the model's own size and wider: no two programs resize tall ones alike."""
    random = np.random.default_rng(3)
    names = []
    for i in range(4):
        pixels = np.empty((side, side + 10 * i, 3), np.uint8)
        pixels[:] = random.integers(0, 256, 3, np.uint8)
        pixels[5:40, 10 + 3 * i : 30 + 7 * i] = random.integers(0, 256, 3, np.uint8)
        pixels[side // 2 :, ::3] = random.integers(0, 256, 3, np.uint8)
        path = folder / f"{i}.png"
        Image.fromarray(pixels).save(path)
        names.append(path)
    return names


def load(folder, check):
    """The model and its processor, loaded without a word."""
    heard = Warnings()
    logging.getLogger("transformers").addHandler(heard)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        name = json.loads((folder / "config.json").read_text())["architectures"][0]
        loader = getattr(transformers, name)
        model, found = loader.from_pretrained(folder, output_loading_info=True)
        processor = transformers.BlipProcessor.from_pretrained(folder)
    said = [str(one.message) for one in caught if "transformers" in str(one.filename)]
    check.equal(said + heard.messages, [], "warnings")
    for what, names in found.items():
        check.equal(list(names), [], what)
    return model.eval(), processor


def trimmed(ids, pad):
    ids = list(map(int, ids))
    while ids and ids[-1] == pad:
        ids.pop()
    return ids


def check_captions(options, model, processor, files, check):
    pixels = processor.image_processor(
        [Image.open(file) for file in files], return_tensors="pt"
    ).pixel_values
    for beams in (1, 3):
        found = model.generate(pixels, num_beams=beams, max_length=20)
        rows = blip(
            options.blip, "caption", "--model", options.model, *options.config, *files, "--ids",
            "--beams", beams, "--prompt", "", "--min-length", 0, "--max-length", 20,
            "--length-norm", "generated",
        )
        for file, ids, row in zip(files, found, rows):
            theirs = trimmed(ids, model.config.text_config.pad_token_id)
            check.equal(row["ids"], theirs, f"ids of {file.name} with {beams} beams")


def check_matches(options, model, processor, files, check):
    images, texts = checking.each("--image", files), checking.each("--text", TEXTS)
    rows = blip(
        options.blip, "match", "--model", options.model, *options.config, *images, *texts,
        "--match-token", "cls",
    )
    expected = {(row["image"], row["text"]): row for row in rows}
    for file in files:
        inputs = processor([Image.open(file)] * len(TEXTS), TEXTS, padding=True, return_tensors="pt")
        logits = model(**inputs).itm_score
        cosine = model(**inputs, use_itm_head=False).itm_score[0]
        for i, text in enumerate(TEXTS):
            row = expected[(str(file), text)]
            check.close(row["itm_logits"], logits[i], f"logits of {file.name}, {text}")
            check.close(row["itc_cosine"], cosine[i], f"cosine of {file.name}, {text}")


def check_answers(options, model, processor, files, check):
    images = checking.each("--image", files)
    for question in QUESTIONS:
        rows = blip(
            options.blip, "vqa", "--model", options.model, *options.config, *images,
            "--question", question, "--match-token", "cls", "--beams", 1,
        )
        for file, row in zip(files, rows):
            inputs = processor(Image.open(file), question, return_tensors="pt")
            ids = model.generate(**inputs, num_beams=1, max_length=10, min_length=1)[0]
            text = processor.decode(ids, skip_special_tokens=True)
            check.equal(row["answer"], text, f"answer for {file.name}, {question}")


def main():
    parser = checking.parser(__doc__, "a model of any form")
    parser.add_argument("--task", help="what it is to be for")
    parser.add_argument("--config", help="what its tensors do not tell")
    options = parser.parse_args()
    options.config = ["--config", options.config] if options.config else []
    task = ["--task", options.task] if options.task else []
    check = checking.Check(TOLERANCE)
    with tempfile.TemporaryDirectory() as work, torch.no_grad():
        folder = pathlib.Path(work) / "hf"
        blip(options.blip, "convert", options.model, folder, "--to", "huggingface", *options.config, *task)
        model, processor = load(folder, check)
        files = pictures(pathlib.Path(work), model.config.vision_config.image_size)
        if options.task:
            narrowed = pathlib.Path(work) / "model"
            blip(options.blip, "convert", options.model, narrowed, *options.config, *task)
            options.model, options.config = narrowed, []
        name = type(model).__name__
        if name == "BlipForConditionalGeneration":
            check_captions(options, model, processor, files, check)
        elif name == "BlipForImageTextRetrieval":
            check_matches(options, model, processor, files, check)
        else:
            check_answers(options, model, processor, files, check)
    check.finish()


if __name__ == "__main__":
    main()
