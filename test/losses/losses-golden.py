"""Writes losses-golden.json: pixel losses, confidences and their gradients in float64, straight from the formulas.

    python3 test/losses/losses-golden.py
"""

import json
import pathlib

import torch
from torch.nn import functional as F

IGNORE = 255
N, C, H, W = 2, 5, 3, 4


def entry(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def gce(p, q):
    return (1 - p**q) / q


def focal(p, gamma):
    return -((1 - p) ** gamma) * p.log()


def confidences(logits):
    """Each indicator on [-1, 1], from the definitions in float64."""
    p = logits.softmax(1)
    greatest = (C - 1) / C**2
    v = ((p - 1 / C) ** 2).mean(1)
    entropy = -(p * p.log()).sum(1)
    log_least = torch.tensor(1e-6 * greatest, dtype=torch.float64).log()
    log_greatest = torch.tensor(greatest, dtype=torch.float64).log()
    return {
        "variance": 2 * v / greatest - 1,
        "std": 2 * (v / greatest).sqrt() - 1,
        "log-variance": 2 * (v.clamp(min=1e-6 * greatest).log() - log_least) / (log_greatest - log_least) - 1,
        "entropy": 1 - 2 * entropy / torch.tensor(float(C), dtype=torch.float64).log(),
    }


def main():
    torch.manual_seed(7)
    # Rounded to float32, so that both sides compute from the same numbers.
    logits = (3 * torch.randn(N, C, H, W)).float().double().requires_grad_()
    log_scale = torch.randn(N, 1, H, W).float().double().requires_grad_()
    cotangent = torch.rand(N, H, W).float().double()
    labels = torch.randint(0, C, (N, H, W))
    labels[0, 0, 0] = labels[1, 2, 1] = IGNORE
    valid = labels != IGNORE

    def golden(loss, **options):
        likelihoods = logits.softmax(1).gather(1, labels.where(valid, torch.zeros_like(labels)).unsqueeze(1))
        values = torch.where(valid, loss(likelihoods.squeeze(1)), torch.zeros(N, H, W, dtype=torch.float64))
        gradients = torch.autograd.grad((values * cotangent).sum(), [logits, log_scale], allow_unused=True)
        found = {"options": options, "losses": entry(values), "logitsGradient": entry(gradients[0])}
        return found if gradients[1] is None else {**found, "logScaleGradient": entry(gradients[1])}

    r = log_scale.squeeze(1)
    result = {
        "generator": "test/losses/losses-golden.py",
        "torch": torch.__version__,
        "logits": entry(logits),
        "labels": entry(labels),
        "logScale": entry(log_scale),
        "cotangent": entry(cotangent),
        "losses": [
            {"kind": "cross-entropy", **golden(lambda p: -p.log())},
            *({"kind": "gce", **golden(lambda p, q=q: gce(p, q), q=q)} for q in (0.001, 0.1, 0.7, 1.0)),
            *({"kind": "focal", **golden(lambda p, g=g: focal(p, g), gamma=g)} for g in (0.0, 0.5, 2.0, 3.0)),
            {"kind": "kl", **golden(lambda p: -p.log() / r.exp() + 0.5 * r)},
        ],
        "confidences": [],
    }
    for kind, values in confidences(logits).items():
        (gradient,) = torch.autograd.grad((values * cotangent).sum(), logits, retain_graph=True)
        result["confidences"].append({"kind": kind, "values": entry(values), "logitsGradient": entry(gradient)})
    # PyTorch's own cross-entropy agrees with the one above, so that the rest rests on it.
    own = F.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="none")
    assert torch.allclose(own, torch.tensor(result["losses"][0]["losses"]["data"]).double().reshape(own.shape))
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
