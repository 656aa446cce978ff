"""Statements and questions about boxes in the manner of NLVR-1, with what is true of drawn boxes.

A box is a tuple of items (x, y, size, shape, color) on 100 x 100 pixels, y downwards; a tower is
one whose items are listed from the base up. A number alone means exactly so many, and "over",
"above" and "on" mean the block right below, as the statements of NLVR-1 have it.
"""

import random

COLORS = ["black", "yellow", "blue"]
SHAPES = ["square", "triangle", "circle"]
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight"]
pick = random.choice


def tower():
    return tuple((40, 80 - 21 * i, 20, "square", pick(COLORS)) for i in range(random.randint(1, 4)))


def scatter():
    items, colors = [], random.sample(COLORS, pick([1, 2, 3, 3, 3]))
    shapes = random.sample(SHAPES, pick([1, 2, 3, 3, 3]))
    for _ in range(random.randint(1, 7)):
        for _ in range(20):
            size = pick([10, 20, 30])
            x, y = (random.randint(3, 97 - size) for _ in "xy")
            if random.random() < 0.4:
                x, y = pick([(x, 100 - size)] * 2 + [(0, y), (100 - size, y), (x, 0)])
            if random.random() < 0.05:
                x, y = pick([0, 100 - size]), pick([0, 100 - size])
            if all(x + size < a or a + s < x or y + size < b or b + s < y for a, b, s, _, _ in items):
                items.append((x, y, size, pick(shapes), pick(colors)))
                break
    return tuple(items)


# Statements: (text, truth of a list of boxes).
def colors(box):
    return [item[4] for item in box]


def n_of(n):
    return pick([str(n), NUMBERS[n]])


def plural(n, noun):
    return noun if n == 1 else noun + ("es" if noun == "box" else "s")


def amount(most=3):
    """(text of how many, test of a count, number)."""
    n = random.randint(1, most)
    return pick(
        [
            (n_of(n), lambda k: k == n, n),
            ("exactly " + n_of(n), lambda k: k == n, n),
            ("only " + n_of(n), lambda k: k == n, n),
            (pick(["at least ", "atleast "]) + n_of(n), lambda k: k >= n, n),
        ]
    )


def some(most=3):
    return pick([("a", lambda k: k >= 1, 1), ("no", lambda k: k == 0, 1), *[amount(most)] * 4])


def there(many, noun, rest):
    text, test, n = many
    return f"there {'is' if n == 1 else 'are'} {text} {plural(n, noun)} {rest}", test


def over(a, b):
    return lambda box: (b, a) in zip(colors(box), colors(box)[1:])


def has(c, place):
    at = {"top": -1, "base": 0, "bottom": 0}[place]
    return lambda box: colors(box)[at] == c


def height():
    n = random.randint(1, 4)
    return pick(
        [
            (f"{n_of(n)} {plural(n, 'block')}", lambda box: len(box) == n),
            (f"exactly {n_of(n)} {plural(n, 'block')}", lambda box: len(box) == n),
            (f"only {n_of(n)} {plural(n, 'block')}", lambda box: len(box) == n),
            (f"at least {n_of(n)} {plural(n, 'block')}", lambda box: len(box) >= n),
            (f"more than {n_of(n)} {plural(n, 'block')}", lambda box: len(box) > n),
        ]
    )


def tower_has():
    """(what a tower has, truth of a box)."""
    c, d = pick(COLORS), pick(COLORS)
    place, (tall, is_tall) = pick(["top", "base", "bottom"]), height()
    text, test, n = amount()
    kind = random.randrange(12)
    if kind < 3:
        return f"{pick(['a', 'a', '1', 'one'])} {c} block at the {place}", has(c, place)
    if kind < 5:
        return f"a {c} block {pick(['over', 'above', 'on'])} a {d} block", over(c, d)
    if kind == 5:
        return f"a {c} block below a {d} block", over(d, c)
    if kind == 6:
        return f"{text} {c} {plural(n, 'block')}", lambda box: test(colors(box).count(c))
    if kind == 7:
        return tall, is_tall
    if kind == 8:
        return f"{tall} {pick(['with', 'having', 'and it has'])} a {c} block at the {place}", (
            lambda box: is_tall(box) and has(c, place)(box)
        )
    if kind == 9:
        only = {c, d}
        return f"only {' and '.join(sorted(only))} blocks", lambda box: set(colors(box)) == only
    if kind == 10:
        n = random.randint(2, 3)
        return f"{n_of(n)} {c} blocks stacked together", (
            lambda box: any(colors(box)[i : i + n] == [c] * n for i in range(len(box)))
        )
    return pick(
        [
            ("only one color", lambda box: len(set(colors(box))) == 1),
            (f"a {c} base", has(c, "base")),
            (
                f"a {c} block and a {d} block",
                lambda box: colors(box).count(c) >= 1 + (c == d) and d in colors(box),
            ),
            (
                f"a {c} block and two {d} blocks",
                lambda box: c != d and c in colors(box) and colors(box).count(d) == 2,
            ),
            (f"a {c} block as the second block from the base", lambda box: colors(box)[1:2] == [c]),
        ]
    )


def about_towers():
    c, d, place = pick(COLORS), pick(COLORS), pick(["top", "base"])
    phrase, truth = tower_has()
    many, n = some(), random.randint(1, 4)
    kind = random.randrange(22)
    if kind < 8:
        verb = pick(["with", "with", "having", "which has" if many[2] == 1 else "that have"])
        text, test = there(many, "tower", f"{verb} {phrase}")
        return text, lambda boxes: test(sum(map(truth, boxes)))
    if kind == 8:
        text = pick(["all {} towers have {}", "each tower has {1}", "all towers contain {1}"])
        return text.format(n_of(3), phrase), lambda boxes: all(map(truth, boxes))
    if kind == 9:
        text, test = amount(2)[:2]
        return f"{text} of the three towers has {phrase}", lambda boxes: test(sum(map(truth, boxes)))
    if kind < 13:
        tall, is_tall = pick([("", lambda box: True)] * 2 + [(" with " + t, f) for t, f in [height()]])
        text, test = there(many, f"{c} block", f"as the {place} of a tower{tall}")
        return text, lambda boxes: test(sum(has(c, place)(b) and is_tall(b) for b in boxes))
    if kind < 15:
        text, test, m = pick(
            [("a", lambda k: k > 0, 1), ("no", lambda k: k == 0, 1), ("at least one", lambda k: k > 0, 1)]
        )
        noun = pick(["block", "block", "object", "item"])
        on = pick(["over", "above", "on"])
        return f"there is {text} {c} {noun} {on} a {d} {noun}", (
            lambda boxes: test(sum(map(over(c, d), boxes)))
        )
    if kind == 15:
        text, test, m = amount(4)
        return there((text, test, m), f"{c} block", "")[0].strip(), (
            lambda boxes: test(sum(colors(b).count(c) for b in boxes))
        )
    if kind == 16:
        return f"there is a {c} tower", lambda boxes: any(set(colors(b)) == {c} for b in boxes)
    if kind == 17:
        what, of = pick(
            [("height", len), ("base color", lambda b: b[0][4]), ("top color", lambda b: b[-1][4])]
        )
        text, least = pick([("at least two", False), ("only two", True)])
        return f"there are {text} towers with the same {what}", lambda boxes: (
            len(set(map(of, boxes))) < len(boxes) and not (least and len(set(map(of, boxes))) == 1)
        )
    if kind == 18:
        return f"the {place} of the {NUMBERS[n]} blocks tower is {c}", (
            lambda boxes: any(len(b) == n for b in boxes)
            and all(has(c, place)(b) for b in boxes if len(b) == n)
        )
    if kind == 19:
        text, test, m = amount(3)
        noun = pick(["item", "square"])
        return there((text, test, m), f"{c} {noun}", "touching the wall")[0], (
            lambda boxes: test(sum(has(c, "base")(b) for b in boxes))
        )
    if kind == 20:
        return f"there is a {c} square touching the wall with a {d} square right on top of it", (
            lambda boxes: any(colors(b)[:2] == [c, d] for b in boxes)
        )
    items, only = n_of(n), pick([f"{c} color", f"{c} and {d} color"])
    one = pick(["item", "one"])
    return pick(
        [
            (f"there is a box with {items} items", lambda boxes: any(len(b) == n for b in boxes)),
            (
                f"there is a box with {items} items and {pick(['a', 'the'])} {c} {one} on top",
                lambda boxes: any(len(b) == n and has(c, "top")(b) for b in boxes),
            ),
            (
                f"there is a box with {items} items and a {c} {one} touching the wall",
                lambda boxes: any(len(b) == n and has(c, "base")(b) for b in boxes),
            ),
            (
                f"there is a box with only {items} items of {only}",
                lambda boxes: any(
                    len(b) == n
                    and all(x in only for x in colors(b))
                    and {x for x in COLORS if x in only} == set(colors(b))
                    for b in boxes
                ),
            ),
            (
                "there is a box with items of all 3 different colors",
                lambda boxes: any(len(set(colors(b))) == 3 for b in boxes),
            ),
            (f"there is a {c} item on top", lambda boxes: any(map(has(c, "top"), boxes))),
            ("there is only one color touching the wall", lambda boxes: len({b[0][4] for b in boxes}) == 1),
        ]
    )


def touches():
    """(words, truth of an item)."""
    right = lambda i: i[0] + i[2] == 100
    down = lambda i: i[1] + i[2] == 100
    across, along = lambda i: i[0] == 0 or right(i), lambda i: i[1] == 0 or down(i)
    close = pick(["", "closely "])
    return pick(
        [
            (close + f"touching {e}", lambda i: across(i) or along(i))
            for e in ("the edge", "an edge", "the wall", "the side")
        ]
        + [
            (f"not touching {e}", lambda i: not (across(i) or along(i)))
            for e in ("any edge", "any edge", "the wall")
        ]
        + [(close + f"touching the {e}", down) for e in ("base", "bottom of a box")]
        + [(close + "touching right wall of a box", right)]
        + [
            (close + f"touching {e}", lambda i: across(i) and along(i))
            for e in ("a corner", "the corner of a box")
        ]
    )


def item():
    """(color and noun, truth of an item)."""
    c = pick([*COLORS, *COLORS, ""])
    s = pick([*SHAPES, *SHAPES, "item", "object"])
    return f"{c} {s}".strip(), lambda i: c in ("", i[4]) and s in (i[3], "item", "object")


def box_has():
    c, d = random.sample(COLORS, 2)
    (a, is_a), (b, is_b) = item(), item()
    text, test, n = amount(4)
    touch, is_touching = touches()
    kind = random.randrange(9)
    if kind < 2:
        m = random.randint(1, 7)
        return (
            f"{pick(['', 'exactly '])}{n_of(m)} {plural(m, pick(['item', 'object']))}",
            lambda box: len(box) == m,
        )
    if kind == 2:
        return f"only {c} items", lambda box: set(colors(box)) == {c}
    if kind == 3:
        return f"only {c} and {d} items", lambda box: set(colors(box)) == {c, d}
    if kind == 4:
        return f"{text} {plural(n, a)}", lambda box: test(sum(map(is_a, box)))
    if kind == 5:
        return f"a {a} and a {b}", lambda box: a != b and any(map(is_a, box)) and any(map(is_b, box))
    if kind == 6:
        return f"a {a} and no {plural(2, b)}", lambda box: any(map(is_a, box)) and not any(map(is_b, box))
    if kind == 7:
        return f"a {a} {touch}", lambda box: any(is_a(i) and is_touching(i) for i in box)
    return pick(
        [
            ("items of only one color", lambda box: len(set(colors(box))) == 1),
            ("all 3 colors", lambda box: len(set(colors(box))) == 3),
            (
                f"{text} {c} {plural(n, 'item')} and at least {n_of(2)} {d} items",
                lambda box: test(colors(box).count(c)) and colors(box).count(d) >= 2,
            ),
        ]
    )


def about_items():
    a, is_a = item()
    touch, is_touching = touches()
    phrase, truth = box_has()
    many = some(4)
    every = lambda boxes: [i for b in boxes for i in b]
    kind = random.randrange(12)
    if kind < 5:
        text, test = there(many, a, touch)
        return text, lambda boxes: test(sum(is_a(i) and is_touching(i) for i in every(boxes)))
    if kind == 5:
        text, test = there(many, a, "")
        return text.strip(), lambda boxes: test(sum(map(is_a, every(boxes))))
    if kind == 6:
        text = pick(["each box has {}", "each grey box contains {}", "all boxes have {}"])
        return text.format(phrase), lambda boxes: all(map(truth, boxes))
    if kind == 7:
        text, test, _ = pick([("one", lambda k: k >= 1, 1), amount(2)])
        noun, verb = pick(["box", "grey box", "grey square"]), pick(["has", "contains"])
        return f"{text} of the {noun} {verb} {phrase}", lambda boxes: test(sum(map(truth, boxes)))
    if kind == 8:
        return f"{plural(2, a)} are {touch}", lambda boxes: all(
            is_touching(i) for i in every(boxes) if is_a(i)
        )
    if kind == 9:
        return (
            f"all {plural(2, a)} are in the same box",
            lambda boxes: sum(any(map(is_a, b)) for b in boxes) == 1,
        )
    text, test = there(some(2), "box", f"with {phrase}")
    return text, lambda boxes: test(sum(map(truth, boxes)))


# Questions about one image.
def ask(boxes):
    towers = all(i[:4] == (40, 80 - 21 * n, 20, "square") for b in boxes for n, i in enumerate(b))
    k = random.randrange(len(boxes))
    side, box = ("left", "right")[k], boxes[k]
    c = pick(COLORS)
    (a, is_a), (touch, is_touching) = item(), touches()
    kind = random.randrange(4)
    if kind == 0:
        return None
    if towers:
        place = pick(["top", "base"])
        return pick(
            [
                (f"what is the {side} tower", " ".join(colors(box))),
                (f"what is the {side} tower", " ".join(colors(box))),
                (f"what is the {place} of the {side} tower", colors(box)[-1 if place == "top" else 0]),
                (f"how many blocks has the {side} tower", NUMBERS[len(box)]),
                (f"how many {c} blocks has the {side} tower", NUMBERS[colors(box).count(c)]),
                (f"how many towers have a {c} {place}", NUMBERS[sum(has(c, place)(b) for b in boxes)]),
            ]
        )
    in_box = [i for i in box if is_a(i)]
    return pick(
        [
            (
                f"what is in the {side} box",
                " ".join(f"{i[4]} {i[3]}" for i in sorted(box, key=lambda i: (i[4], i[3]))),
            ),
            (f"what color is in the {side} box", " ".join(x for x in COLORS if x in colors(box))),
            (
                f"what touches the wall in the {side} box",
                " ".join(
                    f"{i[4]} {i[3]}"
                    for i in sorted(box, key=lambda i: (i[4], i[3]))
                    if 0 in (i[0], i[1]) or 100 in (i[0] + i[2], i[1] + i[2])
                )
                or "no item",
            ),
            (f"how many items are in the {side} box", NUMBERS[len(box)]),
            (f"how many {plural(2, a)} are in the {side} box", NUMBERS[len(in_box)]),
            (
                f"how many {plural(2, a)} are {touch}",
                NUMBERS[min(8, sum(is_a(i) and is_touching(i) for b in boxes for i in b))],
            ),
        ]
    )
