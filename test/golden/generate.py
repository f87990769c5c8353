"""Writes steps.json: ten training steps in PyTorch, which the package has to reproduce.

    python3 test/golden/generate.py [--output steps.json] [--double]

Any Python with PyTorch 1.13 or later. Weights, images and labels come from `hashing.py`, so the file holds losses only.
`--double` runs in float64 instead, to see how far single precision is from the exact course.
"""

import argparse
import json
import pathlib
import sys
import time

import torch

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hashing import fill_with_hash, hashed_images, hashed_labels  # noqa: E402
from method import Arm, learning_rate, make_optimizer, objective, set_learning_rate  # noqa: E402
from networks import Segmentor  # noqa: E402

STEPS = 10
CLASSES = 11
# The step from which two builds of PyTorch stay within 1e-5 of each other for ten steps.
BASE_RATES = {18: 5e-4, 50: 3e-4}
SHAPES = {18: (4, 3, 64, 64), 50: (4, 3, 48, 48)}

# 5% of `total` steps are the isolated phase. The last case gives the module a rate that moves it in ten steps.
VARIANTS = {
    "cross-entropy": {"total": 200, "arm": False, "armScale": 1},
    "arm-isolated": {"total": 200, "arm": True, "armScale": 1},
    "arm-isolated-then-joint": {"total": 100, "arm": True, "armScale": 1},
    "arm-fast": {"total": 100, "arm": True, "armScale": 100},
}

CASES = [
    {"name": f"r{depth}-os{stride}-{name}", "depth": depth, "outputStride": stride, "shape": SHAPES[depth],
     "baseLearningRate": BASE_RATES[depth], **VARIANTS[name]}
    for depth, stride, names in (
        (18, 16, VARIANTS),
        (50, 8, ("cross-entropy", "arm-isolated-then-joint", "arm-fast")),
    )
    for name in names
]


def run_case(case, dtype):
    shape = case["shape"]
    model = fill_with_hash(Segmentor(case["depth"], case["outputStride"], CLASSES)).to(dtype).train()
    arm = Arm().fill_with_hash().to(dtype) if case["arm"] else None
    optimizer = make_optimizer(model, arm, 0.0, arm_scale=case["armScale"])
    base_rate = case["baseLearningRate"]
    rows = []
    for step in range(STEPS):
        rate = learning_rate(step, case["total"], base_rate)
        set_learning_rate(optimizer, rate)
        isolated = step < 0.05 * case["total"]
        images = hashed_images(step, shape, CLASSES).to(dtype)
        labels = hashed_labels(step, (shape[0], *shape[2:]), CLASSES)
        optimizer.zero_grad(set_to_none=True)
        logits, auxiliary_logits = model(images)
        total, values = objective(logits, auxiliary_logits, labels, arm=arm, isolated=isolated)
        total.backward()
        optimizer.step()
        rows.append({"learningRate": rate, "isolated": isolated and case["arm"], "total": total.item()}
                    | {name: value.item() for name, value in values.items()})
    parameters = [] if arm is None else torch.cat([p.detach().flatten() for p in arm.parameters()]).tolist()
    return {**case, "steps": rows, "armParameters": parameters}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default=str(pathlib.Path(__file__).parent / "steps.json"))
    parser.add_argument("--double", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cases = []
    for case in CASES:
        if arguments.only in case["name"]:
            start = time.time()
            cases.append(run_case(case, torch.float64 if arguments.double else torch.float32))
            print(f"{case['name']}: {time.time() - start:.1f} s", file=sys.stderr)
    document = {"generator": "test/golden/generate.py", "torch": torch.__version__, "classCount": CLASSES, "cases": cases}
    pathlib.Path(arguments.output).write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
