"""Writes constraint_values.json: random constraints, and what Python says of them at a few points.

    python3 make_constraint_vectors.py FOLDER
"""
import json
import math
import random
import sys
from pathlib import Path

NAMES = ["lr", "layers", "warmup", "train.dropout", "opt", "bias", "mix"]
OPTIMISERS = ["adam", "sgd", "lion", "adamw"]
MIX = ["auto", 3, 0.5, None, True]
FUNCTIONS = {"min": min, "max": max, "abs": abs, "sqrt": math.sqrt, "log": math.log, "log2": math.log2,
             "log10": math.log10, "exp": math.exp, "floor": math.floor, "ceil": math.ceil, "round": round}
PYTHON = {"true": "True", "false": "False", "none": "None", "train.dropout": "train_dropout"}


class Writer:
    """Walks the grammar at random; every method gives a list of words."""

    def __init__(self, draw):
        self.draw = draw

    def chain(self, part, operators, more, depth):
        out = part(depth)
        while self.draw.random() < more:
            out = out + [self.draw.choice(operators)] + part(depth)
        return out

    def condition(self, depth):
        return self.chain(lambda d: self.chain(self.inversion, ["and"], 0.3, d), ["or"], 0.3, depth)

    def inversion(self, depth):
        words = ["not"] * self.draw.choice([0, 0, 0, 1, 2])
        which = self.draw.random()
        if depth > 0 and which < 0.15:
            return words + ["("] + self.condition(depth - 1) + [")"]
        if which < 0.2:
            return words + [self.draw.choice(["bias", "true", "false"])]
        return words + self.comparison(depth)

    def comparison(self, depth):
        draw = self.draw
        which = draw.random()
        order = ["<", "<=", ">", ">=", "==", "!="]
        if which < 0.1:
            return ["opt", draw.choice(order), self.text()]
        if which < 0.2:
            return ["opt"] + draw.choice([["in"], ["not", "in"]]) + self.members([self.text() for _ in range(2)])
        if which < 0.3:
            members = draw.sample(["'auto'", "3", "0.5", "none", "true", "-1"], 3)
            return ["mix"] + draw.choice([["in"], ["not", "in"]]) + self.members(members)
        if which < 0.4:
            return ["mix", draw.choice(["==", "!="]), draw.choice(["'auto'", "3", "none", "true"])]
        if which < 0.45:
            return ["mix", draw.choice(order[:4]), self.number()]
        out = self.sum(depth)
        for _ in range(draw.choice([1, 1, 1, 2, 3])):
            out = out + [draw.choice(order)] + self.sum(depth)
        if draw.random() < 0.1:
            out = out + ["in"] + self.members(["1", "2", "-3", "0.5"])
        return out

    def members(self, members):
        out = ["["]
        for member in members:
            out += ["-", member[1:]] if member.startswith("-") else [member]
            out.append(",")
        return out[:-1] + ["]"]

    def text(self):
        quote = self.draw.choice("'\"")
        return quote + self.draw.choice(OPTIMISERS) + quote

    def number(self):
        return self.draw.choice(["0", "1", "2", "3", "10", "0.5", ".25", "1e-3", "2.5e1", "100", "7."])

    def sum(self, depth):
        return self.chain(self.product, ["+", "-"], 0.25, depth)

    def product(self, depth):
        return self.chain(self.signed, ["*", "/", "%"], 0.25, depth)

    def signed(self, depth):
        words = ["-"] * self.draw.choice([0, 0, 0, 0, 1, 2]) + self.atom(depth)
        if self.draw.random() < 0.1:  # whole exponents: no complex numbers
            words += ["**", self.draw.choice(["2", "3", "-1", "0"])] if words[-1] != "0" else []
            words = [w for word in words for w in (["-", word[1:]] if word == "-1" else [word])]
        return words

    def atom(self, depth):
        draw = self.draw
        which = draw.random()
        if depth > 0 and which < 0.12:
            return ["("] + self.sum(depth - 1) + [")"]
        if depth > 0 and which < 0.16:
            return ["("] + self.sum(depth - 1) + [draw.choice(["and", "or"])] + self.sum(depth - 1) + [")"]
        if depth > 0 and which < 0.18:
            return ["("] + self.condition(depth - 1) + [")"]
        if depth > 0 and which < 0.33:
            name = draw.choice(sorted(FUNCTIONS))
            if name in ("min", "max"):
                inside = self.chain(lambda d: self.sum(d), [","], 0.3, depth - 1)
                return [name, "("] + inside + [","] + self.sum(depth - 1) + [")"]
            return [name, "("] + self.sum(depth - 1) + [")"]
        if which < 0.75:
            return [draw.choice(["lr", "layers", "layers", "warmup", "train.dropout", "bias", "mix"])]
        return [self.number()]


def holds(words, point):
    names = {PYTHON.get(name, name): value for name, value in point.items()}
    try:
        return bool(eval(" ".join(PYTHON.get(word, word) for word in words), {"__builtins__": {}}, {**FUNCTIONS, **names}))
    except (ArithmeticError, TypeError, ValueError):
        return False


def main(folder):
    draw = random.Random(11)
    points = []
    for _ in range(16):
        points.append({"lr": round(10 ** draw.uniform(-5, 0), 6), "layers": draw.randrange(1, 9),
                       "warmup": draw.choice([0, 0, 1, 5, 100]), "train.dropout": draw.randrange(0, 11) / 20,
                       "opt": draw.choice(OPTIMISERS), "bias": draw.random() < 0.5, "mix": draw.choice(MIX)})
    cases = {}
    while len(cases) < 1500:
        words = Writer(draw).condition(draw.choice([0, 1, 2, 3]))
        if len(words) > 60 or not set(words) & set(NAMES):
            continue
        text = (" " if draw.random() < 0.7 else "").join(words) if not set(words) & {"and", "or", "not", "in"} else \
            " ".join(words)
        cases[text] = "".join(str(int(holds(words, point))) for point in points)
    rows = ",\n".join(json.dumps(each) for each in cases.items())
    at = json.dumps([list(point.values()) for point in points])
    Path(folder, "constraint_values.json").write_text(f'{{"points": {at},\n"cases": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    main(sys.argv[1])
