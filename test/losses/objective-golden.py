"""Writes objective-golden.json: class weights, label smoothing, Dice and Lovász-Softmax with their gradients.

    python3 test/losses/objective-golden.py

Cross-entropy is PyTorch's own. Dice and Lovász-Softmax are written out class by class and pixel by pixel from their
definitions (Milletari et al. 2016; Berman et al. 2018, Algorithm 1), in float64.
"""

import json
import pathlib

import torch
from torch.nn import functional as F

IGNORE = 255
N, C, H, W = 3, 5, 4, 6


def entry(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def groups(p, labels, per_image):
    """Yields likelihoods [P,C] and labels [P] of the labeled pixels of each image, or of all images."""
    parts = [(p[i : i + 1], labels[i : i + 1]) for i in range(len(p))] if per_image else [(p, labels)]
    for likelihoods, truth in parts:
        flat, truth = likelihoods.permute(0, 2, 3, 1).reshape(-1, C), truth.reshape(-1)
        yield flat[truth != IGNORE], truth[truth != IGNORE]


def averaged(p, labels, class_loss, per_image=True, classes="present"):
    losses = []
    for likelihoods, truth in groups(p, labels, per_image):
        counted = [c for c in range(C) if len(truth) and (classes == "all" or bool((truth == c).any()))]
        each = [class_loss(likelihoods[:, c], (truth == c).double()) for c in counted]
        losses.append(sum(each) / len(each) if each else (likelihoods * 0).sum())
    return sum(losses) / len(losses)


def dice(smooth=1.0, squared=False):
    def loss(p, g):
        overlap = sum(p[i] * g[i] for i in range(len(p)))
        sizes = sum((p[i] ** 2 if squared else p[i]) + g[i] for i in range(len(p)))
        return 1 - (2 * overlap + smooth) / (sizes + smooth)

    return loss


def lovasz(p, g):
    """Sums errors in descending order times the rise of 1 - IoU when that pixel joins the wrong ones."""
    errors = (g - p).abs()
    order = sorted(range(len(p)), key=lambda i: -errors[i].item())
    total, before, wrong_true, wrong_false = 0.0, 0.0, 0, 0
    for i in order:
        wrong_true += int(g[i] == 1)
        wrong_false += int(g[i] == 0)
        size = int(g.sum())
        loss = 1 - (size - wrong_true) / (size + wrong_false)
        total = total + errors[i] * (loss - before)
        before = loss
    return total


def main():
    torch.manual_seed(11)
    logits = (2 * torch.randn(N, C, H, W)).float().double().requires_grad_()
    labels = torch.randint(0, C - 1, (N, H, W))  # the last class is absent
    labels[0, :2] = labels[1, 3, 3] = IGNORE
    labels[2] = IGNORE  # an image without labels
    weights = torch.tensor([0.2, 1.0, 3.5, 0.0, 2.0], dtype=torch.float64)

    def golden(loss):
        (gradient,) = torch.autograd.grad(loss, logits, retain_graph=True)
        return {"loss": loss.item(), "logitsGradient": entry(gradient)}

    def cross_entropy(weight, smoothing):
        arguments = {"weight": weights if weight else None, "label_smoothing": smoothing, "ignore_index": IGNORE}
        return F.cross_entropy(logits, labels, **arguments)

    p = logits.softmax(1)
    regions = [
        ("dice", {}, dice()),
        ("dice", {"smooth": 0.1, "squared": True, "classes": "all"}, dice(0.1, True)),
        ("dice", {"perImage": False}, dice()),
        ("lovasz-softmax", {}, lovasz),
        ("lovasz-softmax", {"classes": "all"}, lovasz),
        ("lovasz-softmax", {"perImage": False}, lovasz),
    ]
    result = {
        "generator": "test/losses/objective-golden.py",
        "torch": torch.__version__,
        "logits": entry(logits),
        "labels": entry(labels),
        "classWeights": weights.tolist(),
        "crossEntropy": [
            {"weighted": weight, "labelSmoothing": smoothing, **golden(cross_entropy(weight, smoothing))}
            for weight in (False, True)
            for smoothing in (0.0, 0.1, 0.5)
        ],
        "regions": [
            {
                "kind": kind,
                "options": options,
                **golden(
                    averaged(p, labels, loss, options.get("perImage", True), options.get("classes", "present"))
                ),
            }
            for kind, options, loss in regions
        ],
    }
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
