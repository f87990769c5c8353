"""Runs the operators of the loss bench in PyTorch: one pass a step, in the layout that is faster.

Takes steps for each line `step N` and answers in JSON (bench/support/program.ts).
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

setting = json.loads(sys.argv[1])
torch.set_num_threads(setting["threads"])
count, classes, height, width = (setting[name] for name in ("count", "classCount", "height", "width"))
shape = (count, classes, height // setting["factor"], width // setting["factor"])
values = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 3
labels = torch.arange(count * height * width).reshape(count, height, width)
region = labels // width // 32 * 61 + labels % width // 48
labels = (region * 7919 % classes).masked_fill(region % 10 == 0, 255)
layouts = [values.contiguous(memory_format=layout).requires_grad_() for layout in (torch.channels_last, torch.contiguous_format)]


def loss_of(logits):
    losses = F.cross_entropy(logits, labels, reduction="none", ignore_index=255)
    if setting["loss"] == "gce":
        return -torch.expm1(-0.1 * losses) / 0.1
    if setting["loss"] == "focal":
        return (-torch.expm1(-losses)).clamp(min=1e-37).square() * losses
    return losses


@torch.no_grad()
def confidence_of(logits):
    if setting["confidence"] == "variance":
        share = (logits.softmax(1).square().sum(1) * classes - 1) / (classes - 1)
        return share.clamp(0, 1) * 2 - 1
    if setting["confidence"] == "entropy":
        held = logits.log_softmax(1).clamp(min=-150)
        greatest = torch.log(torch.tensor(float(max(classes, 2))))
        return ((held.exp() * held).sum(1) * 2 / greatest + 1).clamp(-1, 1)
    return None


def step(logits):
    logits.grad = None
    began = time.perf_counter()
    resized = logits
    if setting["factor"] != 1:
        resized = F.interpolate(logits, size=(height, width), mode="bilinear", align_corners=False)
    losses, confidence = loss_of(resized), confidence_of(resized)
    losses.sum().backward()
    return time.perf_counter() - began, losses.sum().item()


def tell(value):
    print(json.dumps(value), flush=True)


tell({"torch": torch.__version__})
for line in sys.stdin:
    seconds, losses = [], []
    for _ in range(int(line.split()[1])):
        taken, loss = min((step(logits) for logits in layouts), key=lambda pair: pair[0])
        seconds.append(taken)
        losses.append(loss)
    tell({"seconds": seconds, "losses": losses})
