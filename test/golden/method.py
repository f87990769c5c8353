"""The adversarial reweighting module, its losses, schedule and step, in plain PyTorch."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from hashing import hashed_uniform

IGNORE = 255


def single(x):
    """float32 for what autocast left in bfloat16; float64 stays."""
    return x if x.dtype == torch.float64 else x.float()


def variance_confidence(logits):
    """Variance of the class probabilities over the class dimension 1, mapped to [-1, 1] (Eq. 3, normalised)."""
    p = torch.softmax(single(logits.detach()), 1)
    c = p.shape[1]
    v = (p - 1 / c).square().mean(1)
    return 2 * c * c / (c - 1) * v - 1


def std_confidence(logits):
    p = torch.softmax(single(logits.detach()), 1)
    c = p.shape[1]
    std = (p - 1 / c).square().mean(1).sqrt()
    return 2 * std / (math.sqrt(c - 1) / c) - 1


class Arm(nn.Module):
    """W of section 2: 1 -> 4 -> 4 -> 4 -> 1, swish between, a sigmoid at the end; on the confidences of valid pixels."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 1)
        self.conv3, self.conv4 = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 1, 1)

    def forward(self, confidence):
        # A matrix product on [width, P] is several times faster than 1x1 convolutions of an image.
        x = confidence[None]
        for layer in (self.conv1, self.conv2, self.conv3):
            x = F.silu(apply(layer, x))
        return torch.sigmoid(apply(self.conv4, x))[0]

    def fill_with_hash(self):
        """By the names `arm.conv1.weight` and so on. Four times the bound of PyTorch's default, so that W is far from uniform."""
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                inputs = getattr(self, name.split(".")[0]).in_channels
                parameter.copy_(hashed_uniform(f"arm.{name}", parameter.shape, 4 / math.sqrt(inputs)))
        return self


def apply(layer, x):
    return torch.addmm(layer.bias[:, None], layer.weight.flatten(1), x)


def normalised_weights(raw, p):
    """p-norm with gradient, then the L1 norm without. Tensor.norm adds up naively in float32: over 10 000 pixels it is off
    by 3e-5, where sum() is right to 1e-7."""
    unit = raw / raw.pow(p).sum().pow(1 / p)
    return unit / unit.sum().detach()


def learning_rate(step, total, base):
    """Linear from base / 100 to base over the first twentieth, then base / 10 from 0.6 T, base / 100 from 0.9 T."""
    warm_up = 0.05 * total
    if step < warm_up:
        return base * (1 - (1 - step / warm_up) * (1 - 0.01))
    return base * (0.1 if step >= 0.6 * total else 1) * (0.1 if step >= 0.9 * total else 1)


def objective(logits, auxiliary_logits, labels, *, arm=None, isolated=False, p=2, auxiliary_weight=0.4):
    """The scalar to run backward from, and the values to log: the plain mean, the auxiliary mean, Q."""
    losses = F.cross_entropy(single(logits), labels, ignore_index=IGNORE, reduction="none")
    valid = labels != IGNORE
    valid_losses = losses[valid]
    mean = valid_losses.mean()
    auxiliary = F.cross_entropy(single(auxiliary_logits), labels, ignore_index=IGNORE)
    if arm is None:
        return mean + auxiliary_weight * auxiliary, {"mean": mean, "auxiliary": auxiliary}
    weights = normalised_weights(arm(variance_confidence(logits)[valid]), p)
    if isolated:
        q = (weights * valid_losses.detach()).sum()
        total = mean + q
    else:
        q = (weights * valid_losses).sum()
        total = q
    return total + auxiliary_weight * auxiliary, {"mean": mean, "auxiliary": auxiliary, "q": q}


def make_optimizer(model, arm, rate, *, arm_scale=1.0):
    groups = [{"params": list(model.parameters()), "scale": 1.0}]
    if arm is not None:
        groups.append({"params": list(arm.parameters()), "scale": arm_scale, "maximize": True})
    return torch.optim.SGD(groups, lr=rate, momentum=0.9, weight_decay=1e-4)


def set_learning_rate(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]
