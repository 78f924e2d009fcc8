"""A logistic regression by gradient descent, as a trial of `moola sweep`.

It finds its parameters in the environment, reports the loss on held-out points after every epoch, and keeps a
checkpoint in the trial's folder, from which it goes on when it was stopped.
"""
import json
import math
import os
import pathlib
import random


def parameter(name, otherwise=None):
    return os.environ.get(f"MOOLA_PARAMETER_{name.upper()}", otherwise)


def make_points(draw, count):
    points = []
    for _ in range(count):
        x = [1.0, draw.gauss(0, 1), draw.gauss(0, 3), draw.gauss(0, 0.3)]
        chance = 1 / (1 + math.exp(-(0.5 + 2 * x[1] - x[2] + 3 * x[3])))
        points.append((x, draw.random() < chance))
    return points


def forecast(weights, x):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, sum(w * v for w, v in zip(weights, x))))))


def loss(weights, points):
    total = 0.0
    for x, is_up in points:
        chance = forecast(weights, x)
        total -= math.log(chance if is_up else 1 - chance)
    return total / len(points)


rate, batch = float(parameter("rate")), int(parameter("batch"))
optimiser, momentum = parameter("optimiser"), float(parameter("momentum", 0))
data = random.Random(1)  # the same in all trials
train, held_out = make_points(data, 200), make_points(data, 200)

checkpoint = pathlib.Path(os.environ["MOOLA_TRIAL_FOLDER"]) / "checkpoint.json"
if checkpoint.exists():
    state = json.loads(checkpoint.read_text())
else:
    state = {"epoch": 0, "weights": [0.0] * 4, "speed": [0.0] * 4, "squares": [1e-8] * 4}

while state["epoch"] < int(parameter("epochs")):
    order = list(train)
    random.Random(f"{os.environ['MOOLA_SEED']} {state['epoch']}").shuffle(order)
    for begin in range(0, len(order), batch):
        rows = order[begin:begin + batch]
        errors = [forecast(state["weights"], x) - is_up for x, is_up in rows]
        for i in range(4):
            slope = sum(error * x[i] for error, (x, _) in zip(errors, rows)) / len(rows)
            state["squares"][i] += slope * slope
            if optimiser == "adagrad":
                slope /= math.sqrt(state["squares"][i])
            state["speed"][i] = momentum * state["speed"][i] - rate * slope
            state["weights"][i] += state["speed"][i]
    state["epoch"] += 1
    print(json.dumps({"step": state["epoch"], "value": loss(state["weights"], held_out)}), flush=True)
    written = checkpoint.with_suffix(".new")
    written.write_text(json.dumps(state))
    written.replace(checkpoint)
