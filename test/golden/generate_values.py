"""Writes values.json: single operations with their inputs, in PyTorch.

    python3 test/golden/generate_values.py [--output values.json]
"""

import argparse
import json
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hashing import hashed_labels, hashed_uniform  # noqa: E402
from method import IGNORE, Arm, normalised_weights, std_confidence, variance_confidence  # noqa: E402


def entry(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def pixel_values():
    """Losses, confidences and weights of 2 x 5 x 8 x 16 logits, and the module's gradient of Q for p = 1, 2, 3."""
    logits = hashed_uniform("values.logits", (2, 5, 8, 16), 4.0).requires_grad_()
    labels = hashed_labels("values", (2, 8, 16), 5)
    valid = labels != IGNORE
    losses = F.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="none")
    mean = losses[valid].mean()
    mean.backward()
    variance = variance_confidence(logits)
    arms = []
    for p in (1, 2, 3):
        arm = Arm().fill_with_hash()
        weights = torch.zeros_like(losses)
        weights[valid] = normalised_weights(arm(variance[valid]), p)
        q = (weights * losses.detach()).sum()
        q.backward()
        gradient = torch.cat([parameter.grad.flatten() for parameter in arm.parameters()])
        arms.append({"p": p, "weights": entry(weights), "q": q.item(), "gradient": entry(gradient)})
    return {
        "logits": entry(logits), "labels": entry(labels), "losses": entry(losses),
        "meanOverValid": mean.item(), "meanOverAll": losses.mean().item(), "logitsGradient": entry(logits.grad),
        "variance": entry(variance), "std": entry(std_confidence(logits)),
        "armParameters": entry(torch.cat([p.flatten() for p in Arm().fill_with_hash().parameters()])), "arm": arms,
    }


def sgd_values():
    """Three steps of SGD with momentum 0.9 and a large weight decay, down and up, gradients given."""
    runs = []
    for maximize in (False, True):
        parameter = nn.Parameter(hashed_uniform("values.sgd.parameter", (2, 3)))
        optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9, weight_decay=0.05, maximize=maximize)
        after = []
        for step in range(3):
            parameter.grad = hashed_uniform(f"values.sgd.gradient.{step}", (2, 3))
            optimizer.step()
            after.append(entry(parameter.clone()))
        runs.append({"maximize": maximize, "after": after})
    return {
        "learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.05,
        "parameter": entry(hashed_uniform("values.sgd.parameter", (2, 3))),
        "gradients": [entry(hashed_uniform(f"values.sgd.gradient.{step}", (2, 3))) for step in range(3)],
        "runs": runs,
    }


def resize_values():
    inputs = hashed_uniform("values.resize", (1, 2, 3, 4)).requires_grad_()
    output = F.interpolate(inputs, size=(7, 9), mode="bilinear", align_corners=False)
    weight = hashed_uniform("values.resize.weight", output.shape)
    (output * weight).sum().backward()
    return {"input": entry(inputs), "size": [7, 9], "output": entry(output), "weight": entry(weight),
            "inputGradient": entry(inputs.grad)}


def convolution_values():
    """One training step of a dilated convolution and a batch norm: output, gradients and running statistics."""
    inputs = hashed_uniform("values.convolution.input", (2, 3, 6, 7))
    convolution = nn.Conv2d(3, 4, 3, padding=2, dilation=2, bias=False)
    norm = nn.BatchNorm2d(4)
    with torch.no_grad():
        convolution.weight.copy_(hashed_uniform("values.convolution.weight", convolution.weight.shape, 0.5))
        norm.weight.copy_(hashed_uniform("values.convolution.scale", (4,)))
        norm.bias.copy_(hashed_uniform("values.convolution.shift", (4,)))
    before = {"weight": entry(convolution.weight.clone()), "scale": entry(norm.weight.clone()),
              "shift": entry(norm.bias.clone())}
    output = norm(convolution(inputs))
    cotangent = hashed_uniform("values.convolution.cotangent", output.shape)
    (output * cotangent).sum().backward()
    return {
        "input": entry(inputs), **before, "dilation": 2, "padding": 2, "output": entry(output),
        "cotangent": entry(cotangent), "weightGradient": entry(convolution.weight.grad),
        "scaleGradient": entry(norm.weight.grad), "shiftGradient": entry(norm.bias.grad),
        "runningMean": entry(norm.running_mean), "runningVariance": entry(norm.running_var),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default=str(pathlib.Path(__file__).parent / "values.json"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    document = {"generator": "test/golden/generate_values.py", "torch": torch.__version__, "pixel": pixel_values(),
                "sgd": sgd_values(), "resize": resize_values(), "convolution": convolution_values()}
    pathlib.Path(arguments.output).write_text(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
