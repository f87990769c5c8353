"""Writes fixtures/odd: files that people give as weights, and what else stands in them.

    /usr/bin/python3 test/files/odd-files.py      (Debian's python3-torch)
"""
import argparse
import collections
import datetime
import gzip
import io
import os
import pathlib
import pickle
import zipfile

import numpy as np
import torch

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "odd")
os.makedirs(folder, exist_ok=True)
weights = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.tensor([0.5, -1.0])}


def path(name):
    return os.path.join(folder, name)


def save(name, value, legacy=True, protocol=2):
    torch.save(value, path(name), _use_new_zipfile_serialization=not legacy, pickle_protocol=protocol)


beside = {
    "best_miou": np.float64(0.5),
    "epoch": np.int64(3),
    "history": np.arange(4),
    "args": argparse.Namespace(lr=0.1, out=pathlib.PurePosixPath("runs")),
    "time": datetime.datetime(2020, 1, 1),
    "losses": collections.defaultdict(list, {"a": [1]}),
    "counts": collections.Counter("abc"),
    "queue": collections.deque([1, 2]),
    "set": {1, 2},
    "frozen": frozenset((1, 2)),
    "device": torch.device("cpu"),
    "dtype": torch.float32,
    "number": 1 + 2j,
    "slice": slice(1, 2),
}
for protocol in (2, 4):
    save(f"training-{protocol}.pth", {"state_dict": weights, **beside}, protocol=protocol)
save("derived-dict.pth", collections.defaultdict(dict, {"net": weights}))
save("keys.pth", {("a", "b"): torch.ones(1), 5: torch.ones(2), "ünï.weight": torch.ones(3), "\x1b[31mred": torch.ones(1)})
save("list.pth", [weights])
around = dict(weights)
around["itself"] = around
save("contains-itself.pth", around)

save("quantized.pth", {**weights, "conv.weight": torch.quantize_per_tensor(torch.ones(2, 3), 0.1, 0, torch.qint8)})
save("sparse.pth", {**weights, "conv.weight": torch.eye(3).to_sparse()})
save("complex.pth", {**weights, "conv.weight": torch.ones(2, dtype=torch.complex64)})
save("nothing.pth", {})
save("number.pth", 3)
with open(path("arrays.pkl"), "wb") as file:
    pickle.dump({name: tensor.numpy() for name, tensor in weights.items()}, file, protocol=2)
np.savez(path("arrays.npz"), **{name: tensor.numpy() for name, tensor in weights.items()})
np.save(path("array.npy"), np.ones(3))
whole = io.BytesIO()
torch.save({"conv.bias": torch.ones(1)}, whole)
with zipfile.ZipFile(io.BytesIO(whole.getvalue())) as plain, zipfile.ZipFile(path("deflated.pth"), "w", zipfile.ZIP_DEFLATED) as packed:
    for name in plain.namelist():
        packed.writestr(name, plain.read(name))
with zipfile.ZipFile(path("inside.zip"), "w") as archive:
    archive.writestr("model.pth", b"weights")
with open(path("packed.pth.gz"), "wb") as file:
    file.write(gzip.compress(whole.getvalue(), mtime=0))
with open(path("legacy.pth"), "wb") as file:
    torch.save(weights, file, _use_new_zipfile_serialization=False)
for name in os.listdir(folder):
    print(name, os.path.getsize(path(name)))
