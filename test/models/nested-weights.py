"""Writes one small network's weights in the nestings that PyTorch programs use.

    /usr/bin/python3 test/models/nested-weights.py      (Debian's python3-torch)

The files lie in fixtures/nested. Element i of tensor number t holds t + i / 64, and 100 more in a moving average.
"""

import os

import torch

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "nested")
shapes = {
    "conv1.weight": (4, 3, 3, 3),
    "bn1.weight": (4,),
    "bn1.bias": (4,),
    "bn1.running_mean": (4,),
    "bn1.running_var": (4,),
}


def weights(prefix="", add=0, dtype=torch.float32):
    tensors = {}
    for number, (name, shape) in enumerate(shapes.items()):
        count = torch.Size(shape).numel()
        tensors[prefix + name] = (add + number + torch.arange(count) / 64).reshape(shape).to(dtype)
    return tensors


def changed(name, value):
    tensors = weights()
    tensors[name].view(-1)[1] = value
    return tensors


momenta = {"state": {i: {"momentum_buffer": torch.ones(4)} for i in range(3)}, "param_groups": [{"lr": 0.1}]}
files = {
    "plain": weights(),
    "module": {"state_dict": weights("module."), "epoch": 3, "optimizer": momenta},
    "model_state": {"model_state": weights(), "optimizer_state": momenta},
    "model": {"model": weights(), "epoch": 3},
    "net": {"net": weights()},
    "encoder": weights("encoder."),
    "backbone": {"state_dict": {**weights("backbone."), "decode_head.conv_seg.weight": torch.ones(19, 4, 1, 1)}},
    "deep": {"checkpoint": {"generator": {"net": weights("module.encoder.")}, "step": 7}},
    "average": {"ema_model": weights("module.", add=100), "model": weights("module.")},
    "average-only": {"ema_model": weights("module.", add=100), "step": 1},
    "two-sizes": {"student": weights(), "teacher": {k: v.repeat(2, *[1] * (v.dim() - 1)) for k, v in weights().items()}},
    "float64": weights(dtype=torch.float64),
    "float16": weights(dtype=torch.float16),
    "bfloat16": weights(dtype=torch.bfloat16),
    "nan": {"state_dict": {"module." + k: v for k, v in changed("bn1.bias", float("nan")).items()}},
    "infinite": changed("conv1.weight", float("-inf")),
    "int8": {**weights(), "conv1.weight": torch.ones(4, 3, 3, 3, dtype=torch.int8)},
    "misspelled": {("bn1.runing_var" if k == "bn1.running_var" else k): v for k, v in weights().items()},
    "other-shape": {**weights(), "bn1.bias": torch.zeros(5)},
    "other-network": {"features.0.0.weight": torch.ones(32, 3, 3, 3), "classifier.1.weight": torch.ones(10, 8)},
    "huge-float64": {**weights(dtype=torch.float64), "bn1.bias": torch.full((4,), 1e300, dtype=torch.float64)},
}
os.makedirs(folder, exist_ok=True)
for name, value in files.items():
    path = os.path.join(folder, name + ".pth")
    # The older format is a third of the size for tensors this small.
    torch.save(value, path, _use_new_zipfile_serialization=name in ("module", "deep"))
    print(name, os.path.getsize(path))
