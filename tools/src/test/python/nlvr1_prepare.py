"""Makes rows for `blip records pack` of NLVR-1 (https://lil.nlp.cornell.edu/nlvr), and more by rule.

    python nlvr1_prepare.py FOLDER_WITH_dev.json OUT [SEED] [STATEMENTS] [QUESTIONS]

Of the three boxes of a picture the first two, side by side, are the left image, the third is the
left half of the right image. OUT gets images/, vocab.txt and, as JSONL:

    real-train, real-test     the statements of dev.json, in all orders of the boxes; of a picture's
                              set (1572 of 1572-0) all are in one of them, 1 of 5 in the second
    towers-train, towers-test statements by rule about one, two or three drawn towers
    mixed-train, mixed-test   the same about towers and about boxes with other items
    ask-train, ask-test       questions by rule about one such image, with their answers

Needs Pillow. It is a client: no part of BLIP needs it.
"""

import hashlib
import json
import random
import re
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from nlvr1_rules import about_items, about_towers, ask, pick, scatter, tower

SIDE = 96
FILL = {"black": (0, 0, 0), "yellow": (255, 255, 0), "blue": (0, 153, 255)}


def draw(boxes):
    page = Image.new("RGB", (SIDE, SIDE), (128, 128, 128))
    for i, box in enumerate(boxes):
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
        page.paste(big.resize((SIDE // 2, SIDE), Image.BOX), (i * SIDE // 2, 0))
    return page


def cut(picture, numbers):
    page = Image.new("RGB", (SIDE, SIDE), (128, 128, 128))
    for i, box in enumerate(numbers):
        part = picture.crop((150 * box, 0, 150 * box + 100, 100))
        page.paste(part.resize((SIDE // 2, SIDE), Image.BOX), (i * SIDE // 2, 0))
    return page


def in_test(identifier):
    return int(hashlib.sha256(identifier.split("-")[0].encode()).hexdigest(), 16) % 5 == 0


def main(source, out, seed=1, statements=30000, questions=40000):
    random.seed(seed)
    (out / "images").mkdir(parents=True, exist_ok=True)
    words, drawn = set(), {}

    def image(name, picture):
        if name not in drawn:
            drawn[name] = f"{hashlib.md5(str(name).encode()).hexdigest()[:16]}.png"
            picture().save(out / "images" / drawn[name])
        return drawn[name]

    def drawing(boxes):
        return image(boxes, lambda: draw(boxes))

    def write(name, rows):
        with open(out / f"{name}.jsonl", "w") as file:
            for row in rows:
                text = " ".join(str(row.get(k, "")) for k in ("statement", "question", "answers"))
                if not name.endswith("-test"):
                    words.update(re.findall(r"[a-z]+|[0-9]+", text.lower()))
                file.write(json.dumps(row) + "\n")
        print(name, len(rows))

    real = {"real-train": [], "real-test": []}
    for line in open(source / "dev.json"):
        row = json.loads(line)
        name = "real-test" if in_test(row["identifier"]) else "real-train"
        for order in range(6):
            file = f"dev-{row['identifier']}-{order}.png"
            whole = Image.open(source / "dev" / row["directory"] / file).convert("RGB")
            real[name].append(
                {
                    "left": image(file + " left", lambda: cut(whole, (0, 1))),
                    "right": image(file + " right", lambda: cut(whole, (2,))),
                    "statement": re.sub(r"[.,]", " ", row["sentence"]).strip(),
                    "label": row["label"] == "true",
                    "identifier": row["identifier"],
                }
            )
    random.shuffle(real["real-train"])
    for name, rows in real.items():
        write(name, rows)

    def rules(name, count, items, shares, pool):
        """Each statement is true of some boxes and false of others, and gets either alike."""
        scenes = [[tuple(box() for _ in range(3)) for _ in range(pool)] for box in (tower, scatter)]
        rows = []
        while len(rows) < count:
            kind = random.random() < items
            n = random.choices((1, 2, 3), shares)[0]
            text, truth = (about_towers, about_items)[kind]()
            found = {}
            for boxes in random.choices(scenes[kind], k=40):
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

    rules("towers-test", 900, 0, (1, 1, 1), 300)
    rules("towers-train", statements, 0, (4, 2, 4), 3000)
    rules("mixed-test", 1000, 0.35, (0, 0, 1), 300)
    rules("mixed-train", statements, 0.4, (1, 1, 3), 3000)
    scenes = [[tuple(box() for _ in range(3)) for _ in range(6000)] for box in (tower, scatter)]
    for name, count in ("ask-test", 600), ("ask-train", questions):
        rows = []
        known = [part[:500] if name == "ask-test" else part[500:] for part in scenes]
        while len(rows) < count:
            kind = random.random() < 0.5
            boxes = pick(known[kind])
            boxes = pick([boxes[:2], boxes[:2], boxes[2:]])
            asked = ask(boxes)
            if not asked:
                text, truth = (about_towers, about_items)[kind]()
                if truth(boxes) != (random.random() < 0.5):
                    continue
                asked = text, "true" if truth(boxes) else "false"
            rows.append({"image": drawing(boxes), "question": asked[0], "answers": [asked[1]]})
        write(name, rows)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words)]
    (out / "vocab.txt").write_text("\n".join(pieces) + "\n")
    print("words", len(pieces))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
