"""Truth of statements about boxes in the manner of NLVR-1, by rules.

A box is a tuple of items (x, y, size, shape, color) on 100 x 100 pixels, y downwards; a tower is
one whose items are listed from the base up. A number alone means exactly so many, and "over",
"above" and "on" mean the block right below, as most statements of NLVR-1 have it. The rules were
written from the 743 statements to train on.
"""

import random
import re

COLORS = ["black", "yellow", "blue"]
SHAPES = ["square", "triangle", "circle"]
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight"]
pick = random.choice

SPELLING = {
    "squere": "square", "cirlce": "circle", "ablue": "a blue", "tocuhing": "touching",
    "blccks": "blocks", "atleast": "at least", "tleast": "at least", "ll": "all",
}  # fmt: skip
C = "(?:black|yellow|blue)"
N = "(?:one|two|three|four|five|six|seven|eight|[1-8])"
Q = f"(?:(?:exactly|only|at least|at most|more than|less than) )?(?:a|an|the|no|multiple|{N})"
NP = f"(?:different colored|small )?(?:{C} (?:(?:or|and) {C} )?)?"
NOUN = "(?:blocks?|items?|objects?|squares?|triangles?|circles?|one)"


def clean(statement):
    words = re.findall(r"[a-z]+|[0-9]", statement.lower())
    return " ".join(SPELLING.get(word, word) for word in words)


def match(pattern, text):
    found = re.fullmatch(pattern, text)
    return found and [group or "" for group in found.groups() or ("",)]


def number(word):
    return int(word) if word.isdigit() else NUMBERS.index(word)


def quantity(text):
    """Test of a count; "a" and "the" are at least one, a number alone is exactly so many."""
    *kind, word = text.rsplit(" ", 1)
    kind = "".join(kind)
    if word == "no":
        return lambda k: k == 0
    if word == "multiple":
        return lambda k: k > 1
    n = 1 if word in ("a", "an", "the") else number(word)
    if kind == "at least" or not kind and word in ("a", "an", "the"):
        return lambda k: k >= n
    if kind == "at most":
        return lambda k: k <= n
    if kind == "more than":
        return lambda k: k > n
    if kind == "less than":
        return lambda k: k < n
    return lambda k: k == n


def kind_of(text):
    """Test of an item by size, color and shape: "small black or blue squares"."""
    noun = text.split()[-1].rstrip("s")
    colors = [c for c in COLORS if c in text.split()] or COLORS
    size = 10 if "small" in text else None
    return lambda i: (
        i[4] in colors and (noun not in SHAPES or noun == i[3]) and (not size or i[2] == size)
    )


def touching(text):
    """Test of an item by what it touches; "nearly" and "closely" are the same."""
    found = match(
        r"(not )?(?:closely |nearly )?touching (?:the |an |any |a |one )?(.*?)(?: of (?:a|the) box)?",
        text,
    )
    if not found:
        return None
    left, right = lambda i: i[0] == 0, lambda i: i[0] + i[2] == 100
    top, down = lambda i: i[1] == 0, lambda i: i[1] + i[2] == 100
    across, along = lambda i: left(i) or right(i), lambda i: top(i) or down(i)
    tests = {
        **dict.fromkeys(("edge", "wall", "side", "edges"), lambda i: across(i) or along(i)),
        **dict.fromkeys(("base", "bottom", "bottom edge", "bottom wall"), down),
        **dict.fromkeys(("top", "top edge", "top wall"), top),
        **dict.fromkeys(("corner", "box corner"), lambda i: across(i) and along(i)),
        **dict.fromkeys(("right wall", "right edge", "right side"), right),
        **dict.fromkeys(("left wall", "left edge", "left side"), left),
    }
    if found[1] not in tests:
        return None
    return (lambda i: not tests[found[1]](i)) if found[0] else tests[found[1]]


def place(text):
    """Test of the n-th item of a box: where it is and what is near it; None where not known."""
    text = re.sub("^(which is|that is|that are|which are|is|are|being) ", "", text)
    if not text:
        return lambda box, n: True
    if touch := touching(text):
        return lambda box, n: touch(box[n])
    if text == "as the second block from the base":
        return lambda box, n: n == 1
    if match("(?:(?:at|as|on) )?(?:the )?top|on the top|on top of (?:other items|it all)", text):
        return lambda box, n: n == len(box) - 1
    if match("(?:at|as|on) (?:the )?(?:base|bottom)", text):
        return lambda box, n: n == 0
    if found := match("(as the (?:top|base)) of (?:a|the) tower(?: (?:with|of|that has) (.*))?", text):
        at, tall = place(found[0]), box_is(found[1]) if found[1] else lambda box: True
        return tall and (lambda box, n: at(box, n) and tall(box))
    beside = "(?:right |directly )?(over|above|on|on top of|below|under)"
    if found := match(f"{beside} an? ({NP}{NOUN})(.*)", text):
        step = 1 if found[0] in ("below", "under") else -1
        other, where = kind_of(found[1]), place(found[2].strip())
        differs = "different" in found[1]
        return where and (
            lambda box, n: 0 <= n + step < len(box)
            and (other(box[n + step]) and not (differs and box[n][4] == box[n + step][4]))
            and where(box, n + step)
        )
    if found := match(f"(.*?) with an? ({NP}{NOUN}) (?:right )?on top of it", text):
        at, above = place(found[0]), kind_of(found[1])
        return at and (lambda box, n: at(box, n) and n + 1 < len(box) and above(box[n + 1]))
    if found := match(f"that (?:is|are) not ({C})", text):
        return lambda box, n: box[n][4] != found[0]
    if found := match(f"(.*) (that is not {C})", text):
        return both(place(found[0]), place(found[1]))
    return None


def both(one, other):
    return one and other and (lambda *given: one(*given) and other(*given))


def count(text):
    """(words of how many, count in a box) of "two black blocks at the base"."""
    found = match(f"({Q}|multiple|) ?({NP}{NOUN})(?: (.*))?", text)
    if not found:
        return None
    is_kind, where = kind_of(found[1]), place(found[2])
    return where and (
        found[0] or "a",
        lambda box: sum(is_kind(i) and where(box, n) for n, i in enumerate(box)),
    )


def colors(box):
    return [i[4] for i in box]


def box_is(text):
    """Truth of a box of what a statement says that it has; None where not known."""
    text = text.strip()
    if found := match(f"only ({C})(?: and ({C}))? (?:items|blocks|objects)", text):
        return lambda box: set(colors(box)) == {c for c in found if c}
    if found := match(f"({Q}) blocks", text.replace(" block ", " blocks ") if text else text):
        return lambda box: quantity(found[0])(len(box))
    if match("(?:items of )?only (?:one|1) color|(?:three )?the same blocks? color", text):
        return lambda box: len(set(colors(box))) == 1
    if found := match(f"(?:({Q}) )?(?:items of )?all (?:3|three) (?:different )?colors", text):
        return lambda box: len(set(colors(box))) == 3 and (not found[0] or quantity(found[0])(len(box)))
    if found := match(f"({Q}) (?:items|blocks)(?: (at most))? of ({C})(?: and ({C}))? colors?", text):
        return lambda box: quantity(f"{found[1]} {found[0]}".strip())(len(box)) and set(colors(box)) == {
            c for c in found[2:] if c
        }
    if found := match(f"an? ({C}) (base|top)", text):
        return lambda box: box[-1 if found[1] == "top" else 0][4] == found[0]
    if found := match(f"({N}) ({C}) blocks (?:stacked together|as the base and second blocks)", text):
        n, base = number(found[0]), "base" in text
        runs = lambda box: [colors(box)[i : i + n] for i in range(1 if base else len(box))]
        return lambda box: [found[1]] * n in runs(box)
    if found := match(f"the second block (?:from the base )?is ({C})", text):
        return lambda box: colors(box)[1:2] == [found[0]]
    if found := match(f"({C}) (blocks|items|squares|triangles|circles)", text):
        return box_is(f"a {text}")
    if counted := count(text):
        test = quantity(counted[0])
        return lambda box: test(counted[1](box))
    for joint in (" and it has ", " with ", " having ", " which has ", " that has ", " and ", " "):
        for at in [m.start() for m in re.finditer(joint, text)]:
            second = text[at + len(joint) :]
            if joint != " " or re.match(f"(?:the|an?|{N}) ", second) and text[at - 1] != "a":
                second = re.sub("^which is ", "only ", second)
                if truth := both(box_is(text[:at]), box_is(second)):
                    return truth
    if found := match(f"(.* blocks?) which is ({C})", text):
        return both(box_is(found[0]), box_is(f"only {found[1]} blocks"))
    return None


def truth_of(statement):
    """Truth of a list of boxes of a statement; None where these rules do not know it."""
    text = re.sub(r"^there (is|are) ", "", statement)
    has = "(?:with|having|that|which|than|where)? ?(?:has|have|contains?|)"
    if match("only (?:one|1) color touching the wall", text):
        wall = touching("touching the wall")
        return lambda boxes: len({i[4] for b in boxes for i in b if wall(i)}) == 1
    two = "((?:at least|only|exactly)? ?(?:two|2))"
    if found := match(f"{two} towers (?:with|which has|that have) the same (.*)", text):
        of = {"height": len, "base color": lambda b: b[0][4], "top color": lambda b: b[-1][4]}.get(found[1])
        test = (lambda k: k > 1) if "least" in found[0] else (lambda k: k == 2)
        most = lambda values: max(map(values.count, values), default=0)
        return of and (lambda boxes: test(most([of(b) for b in boxes])))
    if found := match(f"two towers which has ({N}) and ({N}) blocks each", text):
        want = {number(n) for n in found}
        return lambda boxes: want <= {len(b) for b in boxes}
    if found := match(f"all ({NP}{NOUN}) are in the same box", text):
        is_kind = kind_of(found[0])
        return lambda boxes: sum(any(map(is_kind, b)) for b in boxes) == 1
    if found := match("(.*) in each box", text):
        truth = box_is(found[0])
        return truth and (lambda boxes: all(map(truth, boxes)))
    boxes = "(?:grey )?(?:box|boxes|towers?|squares?)"
    if found := match(f"(?:each|all|every)(?: of the)?(?: {N})? {boxes} {has} (.*)", text):
        truth = box_is(found[0])
        return truth and (lambda boxes: all(map(truth, boxes)))
    if found := match(f"(?:the )?(?:tower|box) with (.*?) has (.*)", text):
        truth = both(box_is(found[0]), box_is(found[1]))
        return truth and (lambda boxes: any(map(truth, boxes)))
    if found := match(f"the (top|base) of (?:the|a)(?: ({N}))? ({N}) blocks? towers? (?:is|are) ({C})", text):
        many, n, at = found[1], number(found[2]), -1 if found[0] == "top" else 0
        tall = lambda boxes: [b for b in boxes if len(b) == n]
        return lambda boxes: (
            any(b[at][4] == found[3] for b in tall(boxes))
            and (not many or sum(b[at][4] == found[3] for b in tall(boxes)) == number(many))
        )
    if found := match(f"({Q}) ({C}) tower(?: with (.*))?", text):
        truth = both(box_is(f"only {found[1]} blocks"), box_is(found[2]) if found[2] else lambda box: True)
        return truth and (lambda boxes: quantity(found[0])(sum(map(truth, boxes))))
    if found := match(f"({Q}) ({N}) blocks? tower {has} (.*)", text):
        truth = both(box_is(f"{found[1]} blocks"), box_is(found[2]))
        return truth and (lambda boxes: quantity(found[0])(sum(map(truth, boxes))))
    if found := match(
        f"({Q})(?: of the)?(?: {N})? (?:grey )?(?:box|boxes|towers?|circle with|squares?) {has} ?(.*)", text
    ):
        truth = box_is(found[1])
        if truth:
            return lambda boxes: quantity(found[0])(sum(map(truth, boxes)))
    if found := match(f"({NP}{NOUN}) (?:is|are) ((?:not )?(?:closely )?touching .*)", text):
        is_kind, touch = kind_of(found[0]), touching(found[1])
        return touch and (lambda boxes: all(touch(i) for b in boxes for i in b if is_kind(i)))
    counted = count(text)
    if counted:
        test = quantity(counted[0])
        return lambda boxes: test(sum(map(counted[1], boxes)))
    for at in [m.start() for m in re.finditer(" and ", text)]:
        if truth := both(truth_of(text[:at]), truth_of(text[at + 5 :])):
            return truth
    return None
