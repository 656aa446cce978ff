"""Picks lines of the published tokenizer's output and the tokens that they need.

python make.py tokenizer.jsonl detokenize.jsonl vocab.txt  (see README.md for the three files)
"""
import json
import sys


def escape(text):
    out = []
    for unit in range(0, len(data := text.encode("utf-16-be", "surrogatepass")), 2):
        code = int.from_bytes(data[unit:unit + 2], "big")
        if code == 0x5C:
            out.append("\\\\")
        elif 0x20 <= code < 0x7F:
            out.append(chr(code))
        else:
            out.append("\\u%04x" % code)
    return "".join(out)


def main(tokenizer, detokenize, vocabulary):
    with open(vocabulary, encoding="utf-8") as lines:
        names = lines.read().split("\n")[:-1] + ["[DEC]", "[ENC]"]
    used = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"}
    with open(tokenizer, encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    odd = [c for c in cases if not c["text"].isascii() or len(c["text"]) < 12]
    picked = cases[:40] + odd[::3] + cases[40::25]
    with open("tokenizer.tsv", "w", encoding="utf-8") as out:
        for case in picked:
            pieces = [names[i] for i in case["ids"][1:-1]]
            used.update(pieces)
            texts = [case["text"], " ".join(pieces), case["pre_caption30"], case["pre_question"]]
            out.write("\t".join(map(escape, texts)) + "\n")
    with open(detokenize, encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    with open("detokenize.tsv", "w", encoding="utf-8") as out:
        for case in cases[::8]:
            pieces = [names[i] for i in case["ids"]]
            used.update(pieces)
            out.write(escape(" ".join(pieces)) + "\t" + escape(case["text"]) + "\n")
    with open("pieces.txt", "w", encoding="utf-8") as out:
        out.writelines(name + "\n" for name in names if name in used)


main(*sys.argv[1:])
