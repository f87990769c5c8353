"""Numbers both sides can make: inputs and weights by an integer hash, so that no file has to carry them.

An element is a function of its tensor's name and its flat (row-major) index alone:

    key   = FNV-1a 32 of the name's UTF-8 bytes
    hash  = murmur3's 32-bit finaliser of (key + index * 0x9E3779B9) mod 2^32
    value = (hash >> 8) * 2^-23 - 1            in [-1, 1), exact in float32

A scaled tensor is value * float32(bound), rounded once to float32. The TypeScript twin is `hashing.ts`.
"""

import math

import torch

MASK = 0xFFFFFFFF


def name_key(name):
    key = 0x811C9DC5
    for byte in name.encode():
        key = ((key ^ byte) * 0x01000193) & MASK
    return key


def hashed_integers(name, count):
    """`count` hashes in [0, 2^32) as int64. Products wrap modulo 2^64, which leaves their low 32 bits right."""
    h = (torch.arange(count, dtype=torch.int64) * 0x9E3779B9 + name_key(name)) & MASK
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & MASK
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & MASK
    return h ^ (h >> 16)


def hashed_uniform(name, shape, bound=1.0):
    """A float32 tensor, uniform in [-bound, bound)."""
    shape = tuple(shape)
    unit = (hashed_integers(name, math.prod(shape)) >> 8).to(torch.float32) * 2.0**-23 - 1
    return (unit * torch.tensor(bound, dtype=torch.float32)).reshape(shape)


def weight_bound(shape, gain):
    """sqrt(gain / fan in); Kaiming's uniform bound has gain 6."""
    return math.sqrt(gain / math.prod(shape[1:]))


def hashed_labels(step, shape, class_count, ignore_index=255):
    """Blocks of 8x8 pixels of one class; about every sixth block is ignored. (N, H, W) int64."""
    classes, ignored = label_blocks(step, shape, class_count)
    return torch.where(ignored, torch.full_like(classes, ignore_index), classes)


def label_blocks(step, shape, class_count):
    n, h, w = shape
    rows, columns = -(-h // 8), -(-w // 8)
    blocks = hashed_integers(f"labels.{step}", n * rows * columns).reshape(n, rows, columns)
    blocks = blocks.repeat_interleave(8, 1)[:, :h].repeat_interleave(8, 2)[:, :, :w].contiguous()
    return blocks % class_count, (blocks >> 16) % 6 == 0


def hashed_images(step, shape, class_count):
    """A colour for each class, a tint for each image and noise for each pixel: something to learn from. (N, C, H, W)."""
    n, c, h, w = shape
    classes, _ = label_blocks(step, (n, h, w), class_count)
    colours = hashed_uniform("colours", (class_count, c), 1.5)[classes].permute(0, 3, 1, 2)
    tints = hashed_uniform(f"tints.{step}", (n, c, 1, 1), 1.0)
    return colours + tints + hashed_uniform(f"pixels.{step}", shape, 0.5)


def fill_with_hash(module):
    """Weights for a golden run, by the parameters' names.

    Convolutions sqrt(96 / fan in), classifiers sqrt(3 / fan in), batch norm 1 and the last one of a residual block 0.2,
    biases 0. Wide convolutions before batch norm and short residual branches keep the network from magnifying rounding:
    with Kaiming's bounds two builds of PyTorch part by a factor of ten a step.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() > 1:
                gain = 3.0 if name.endswith("classifier.weight") else 96.0
                parameter.copy_(hashed_uniform(name, parameter.shape, weight_bound(parameter.shape, gain)))
            else:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
        for child in module.modules():
            if hasattr(child, "last_norm"):
                child.last_norm.weight.fill_(0.2)
    return module
