"""Makes rows for `blip records pack` of NLVR-1 (https://lil.nlp.cornell.edu/nlvr), and more by rule.

    python nlvr1_prepare.py FOLDER_WITH_dev.json OUT [SEED] [STATEMENTS] [QUESTIONS]

Of the three boxes of a picture the first two, side by side, are the upper half of the left image,
the third is a quarter of the right image; the rest has the mean color of the normalisation. OUT
gets images/, vocab.txt and, as JSONL:

    real-train, real-test     the statements of dev.json, in all orders of the boxes; of a picture's
                              set (1572 of 1572-0) all are in one of them, 1 of 5 in the second
    towers-train, towers-test statements made of those of real-train, about one, two or three towers
    mixed-train, mixed-test   the same about towers and about boxes with other items
    ask-train, ask-test       questions by rule about one or two boxes, with their answers

Needs Pillow. It is a client: no part of BLIP needs it.
"""

import difflib
import hashlib
import json
import random
import re
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from nlvr1_rules import clean, truth_of
from nlvr1_scenes import another, ask, how_many, pick, scatter, tower

SIDE, BOX = 96, 48  # pixels of an image, and of a box in it, which is a patch of the model
FILL = {"black": (0, 0, 0), "yellow": (255, 255, 0), "blue": (0, 153, 255)}
tiles = {}


def tile(box):
    """A drawn box."""
    if box not in tiles:
        big = Image.new("RGB", (400, 400), (211, 211, 211))
        pen = ImageDraw.Draw(big)
        for x, y, size, shape, color in box:
            left, top, right, bottom = (4 * v for v in (x, y, x + size, y + size))
            if shape == "square":
                pen.rectangle((left, top, right - 1, bottom - 1), FILL[color])
            elif shape == "circle":
                pen.ellipse((left, top, right - 1, bottom - 1), FILL[color])
            else:
                pen.polygon([(left, bottom), (right, bottom), ((left + right) / 2, top)], FILL[color])
        tiles[box] = small(big.resize((100, 100), Image.Resampling.BOX))
    return tiles[box]


def small(picture):
    return picture.resize((BOX, BOX), Image.Resampling.BOX)


def page(parts):
    whole = Image.new("RGB", (SIDE, SIDE), (123, 117, 104))
    for i, part in enumerate(parts):
        whole.paste(part, (i * BOX, 0))
    return whole


def cut(picture, boxes):
    crops = [picture.crop((150 * box, 0, 150 * box + 100, 100)) for box in boxes]
    return page([small(crop) for crop in crops])


def in_test(identifier):
    return int(hashlib.sha256(identifier.split("-")[0].encode()).hexdigest(), 16) % 5 == 0


def main(source, out, seed=1, statements=60000, questions=40000):
    random.seed(seed)
    (out / "images").mkdir(parents=True, exist_ok=True)
    words, drawn = set(), {}

    def image(name, picture):
        if name not in drawn:
            drawn[name] = f"{hashlib.md5(str(name).encode()).hexdigest()[:16]}.png"
            picture().save(out / "images" / drawn[name])
        return drawn[name]

    def drawing(boxes):
        return image(boxes, lambda: page([tile(box) for box in boxes]))

    def write(name, rows):
        with open(out / f"{name}.jsonl", "w") as file:
            for row in rows:
                text = " ".join(str(row.get(k, "")) for k in ("statement", "question", "answers"))
                if not name.endswith("-test"):
                    words.update(re.findall(r"[a-z]+|[0-9]+", text.lower()))
                file.write(json.dumps(row) + "\n")
        print(name, len(rows), flush=True)

    real = {"real-train": [], "real-test": []}
    judged = {name: [0, 0, 0] for name in real}  # statements, those the rules know, rightly judged
    known = {False: [], True: []}  # statements of real-train about towers (False) or other items
    for line in open(source / "dev.json"):
        row = json.loads(line)
        name = "real-test" if in_test(row["identifier"]) else "real-train"
        every = [i for box in row["structured_rep"] for i in box]
        items = not all((i["x_loc"], i["size"], i["type"]) == (40, 20, "square") for i in every)
        names = {"#0099ff": "blue", "Yellow": "yellow", "Black": "black"}
        boxes = [
            [(i["x_loc"], i["y_loc"], i["size"], i["type"], names[i["color"]]) for i in box]
            for box in row["structured_rep"]
        ]
        truth = truth_of(clean(row["sentence"]))
        right = truth and bool(truth(boxes)) == (row["label"] == "true")
        judged[name] = [n + bool(m) for n, m in zip(judged[name], (True, truth, right))]
        if name == "real-train":
            known[items].append(clean(row["sentence"]))
        for order in range(6):
            file = f"dev-{row['identifier']}-{order}.png"
            whole = Image.open(source / "dev" / row["directory"] / file).convert("RGB")
            real[name].append(
                {
                    "left": image(file + " left", lambda: cut(whole, (0, 1))),
                    "right": image(file + " right", lambda: cut(whole, (2,))),
                    "statement": clean(row["sentence"]),
                    "label": row["label"] == "true",
                    "identifier": row["identifier"],
                    "items": items,
                }
            )
    for name, (count, understood, right) in judged.items():
        print(f"{name}: {count} statements, {understood} known to the rules, {right} judged rightly")
    random.shuffle(real["real-train"])

    def rules(name, count, items, shares, pool):
        """Each statement is true of some boxes and false of others, and gets either alike."""
        scenes = [[tuple(box() for _ in range(3)) for _ in range(pool)] for box in (tower, scatter)]
        rows = []
        while len(rows) < count:
            kind = random.random() < items
            n = random.choices((1, 2, 3), shares)[0]
            text = another(pick(known[kind]), kind)
            truth = truth_of(text)
            found = {}
            for boxes in random.choices(scenes[kind], k=100) if truth else []:
                found.setdefault(bool(truth(boxes[:n])), boxes[:n])
                if len(found) == 2:
                    break
            if len(found) < 2:
                continue
            label = random.random() < 0.5
            boxes = found[label]
            left, right = (boxes[:2], boxes[2:]) if n > 1 else pick([(boxes, ()), ((), boxes)])
            row = {"left": drawing(left), "right": drawing(right), "statement": text}
            rows.append({**row, "label": label, "items": kind, "boxes": n})
        write(name, rows)

    scenes = [[tuple(box() for _ in range(2)) for _ in range(12000)] for box in (tower, scatter)]
    for name, count in ("ask-test", 600), ("ask-train", questions):
        rows = []
        parts = [part[:500] if name == "ask-test" else part[500:] for part in scenes]
        while len(rows) < count:
            kind = random.random() < 0.5
            boxes = pick(parts[kind])
            text = another(pick(known[kind]), kind)
            chance = random.random()
            boxes = boxes[:1] if chance < 0.7 else boxes
            asked = ask(boxes[0], kind) if chance < 0.5 else how_many(text, boxes) if chance < 0.85 else None
            if asked and asked[1] == "zero" and random.random() < 0.5:
                continue
            if not asked:
                truth = truth_of(text)
                if not truth or bool(truth(boxes)) != (random.random() < 0.5):
                    continue
                asked = text, "true" if truth(boxes) else "false"
            question, answer = asked
            rows.append({"image": drawing(boxes), "question": question, "answers": [answer], "items": kind})
        write(name, rows)
    rules("towers-test", 900, 0, (1, 1, 1), 300)
    rules("towers-train", statements, 0, (4, 2, 4), 3000)
    rules("mixed-test", 1000, 0.4, (0, 0, 1), 300)
    rules("mixed-train", statements, 0.5, (2, 1, 4), 10000)
    write("real-train", real["real-train"])
    for row in real["real-test"]:  # a word that is not known is read as the one most like it
        nearest = lambda w: (difflib.get_close_matches(w, sorted(words), 1, 0.75) or [w])[0]
        row["statement"] = " ".join(w if w in words else nearest(w) for w in row["statement"].split())
    write("real-test", real["real-test"])
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words)]
    (out / "vocab.txt").write_text("\n".join(pieces) + "\n")
    print("words", len(pieces))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
