"""Boxes by chance, questions about them, and statements made of others, in the manner of NLVR-1."""

import random
import re

from nlvr1_rules import COLORS, NUMBERS, SHAPES, N, pick, truth_of


def tower():
    return tuple((40, 80 - 21 * i, 20, "square", pick(COLORS)) for i in range(random.randint(1, 4)))


def scatter():
    items, colors = [], random.sample(COLORS, pick([1, 2, 3, 3, 3]))
    shapes = random.sample(SHAPES, pick([1, 2, 3, 3, 3]))
    for _ in range(random.randint(1, 7)):
        for _ in range(20):
            size = pick([10, 20, 30])
            x, y = (random.randint(1, 99 - size) for _ in "xy")
            if random.random() < 0.35:
                x, y = pick([(x, 100 - size)] * 2 + [(0, y), (100 - size, y), (x, 0)])
            if random.random() < 0.05:
                x, y = pick([0, 100 - size]), pick([0, 100 - size])
            if all(x + size < a or a + s < x or y + size < b or b + s < y for a, b, s, _, _ in items):
                items.append((x, y, size, pick(shapes), pick(colors)))
                break
    return tuple(items)


# Another statement made of one: other colors, numbers, places and so on.
QUANTITIES = ["a", "one", "1", "exactly one", "only one", "at least one", "at least 1", "no"]
TOUCHES = [
    "touching the edge", "touching an edge", "touching the wall", "touching the side", "touching the base",
    "not touching any edge", "not touching the wall", "closely touching the bottom of a box",
    "closely touching right wall of a box", "closely touching a corner", "closely touching a corner of a box",
]  # fmt: skip


def swap(text, pattern, words, chance):
    return re.sub(pattern, lambda m: pick(words) if random.random() < chance else m[0], text)


def another(text, items):
    order = dict(zip(COLORS, random.sample(COLORS, 3)))
    if random.random() < 0.5:
        text = re.sub("black|yellow|blue", lambda m: order[m[0]], text)
    else:
        text = swap(text, "black|yellow|blue", COLORS, 0.8)
    most = 6 if items else 4
    for n in range(2, 9):
        text = re.sub(rf"\b(?:{NUMBERS[n]}|{n})\b", f"#{n}", text)
    other = lambda m: int(m[1]) if random.random() < 0.4 else random.randint(2, most)
    text = re.sub(r"#(\d)", lambda m: f"#{other(m)}", text)
    text = re.sub(r"#(\d)", lambda m: pick([m[1], NUMBERS[int(m[1])]]), text)
    if found := re.match(rf"there is ({'|'.join(QUANTITIES)}) (?=\w+ )", text):
        if random.random() < 0.4:
            text = f"there is {pick(QUANTITIES)} {text[found.end() :]}"
    if found := re.match(r"there are (exactly |only |at least |)(?=two|three|four|[234])", text):
        if random.random() < 0.4:
            text = f"there are {pick(['', '', 'exactly ', 'only ', 'at least '])}{text[found.end() :]}"
    text = swap(text, r"\b(over|above|on)\b(?= an? \w+ block| a \w+ object)", ["over", "above", "on"], 0.5)
    text = swap(text, r"(?<=at the )(top|base|bottom)\b|(?<=as the )(top|base)\b", ["top", "base"], 0.5)
    if items:
        text = swap(text, r"(?<!grey )\b(square|triangle|circle)\b", SHAPES, 0.7)
        text = swap(text, r"\b(squares|triangles|circles)\b", [s + "s" for s in SHAPES], 0.7)
        touch = r"(not |closely |nearly )?touching (the |an |any |a |)(\w+)( wall)?( of a box)?$"
        text = swap(text, touch, TOUCHES, 0.4)
    return text


# Questions.
def touches(item):
    x, y, size = item[:3]
    return (x in (0, 100 - size)) + (y in (0, 100 - size))


def ask(box, items):
    """A question about a box and its answer."""
    colors = [item[4] for item in box]
    c, s = pick([*COLORS, ""]), pick([*SHAPES, "item"])
    if not items:
        place, c = pick(["top", "base"]), pick(COLORS)
        return pick(
            [("what is the tower", " ".join(colors))] * 3
            + [
                (f"what is the {place} of the tower", colors[-1 if place == "top" else 0]),
                ("how many blocks", NUMBERS[len(box)]),
                (f"how many {c} blocks", NUMBERS[colors.count(c)]),
            ]
        )
    are = [i for i in box if c in ("", i[4]) and s in ("item", i[3])]
    edge = sum(map(bool, map(touches, are)))
    name = lambda i: f"{i[4]} {i[3]}" + ("", " edge", " corner")[touches(i)]
    listed = " ".join(map(name, sorted(box, key=lambda i: (i[0] + i[2] / 2, i[1]))))
    noun = f"{c} {s}s".strip()
    return pick(
        [("what is in the box", listed)] * 2
        + [(f"how many {noun}", NUMBERS[len(are)])] * 3
        + [(f"how many {noun} are touching the edge", NUMBERS[edge])] * 2
        + [("how many items", NUMBERS[len(box)])]
    )


def how_many(statement, boxes):
    """A statement that something is there, as a question; None where it is another statement."""
    found = re.match(f"there (?:is|are) (?:(?:exactly|only|at least) )?(?:a|an|no|{N}) (.*)", statement)
    if not found or not truth_of(f"there are exactly one {found[1]}"):
        return None
    same = [n for n in NUMBERS[1:] if truth_of(f"there are exactly {n} {found[1]}")(boxes)]
    return f"how many {found[1]}", (same or NUMBERS)[0]
