"""The quick bench's side in PyTorch, as a careful Python programmer would write it.

    peer.py write CONFIG       weights and images into CONFIG's `start`, the network as ONNX into its `model`
    peer.py features CONFIG    computes the features for each line `step N` (bench/support/program.ts)
    peer.py head CONFIG        trains a head for N steps for each line `step N`

Features: torchvision's MobileNetV2, channels-last, inference mode, bfloat16 by autocast. Head: rows of a float16 matrix by
index_select, a hidden layer, cross-entropy, AdamW.
"""

import json
import pathlib
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "test" / "golden"))
from hashing import hashed_images  # noqa: E402


class Backbone(nn.Module):
    """Returns the outputs of five blocks, at strides 2, 4, 8, 16 and 16 or 32."""

    def __init__(self, output_stride):
        super().__init__()
        from torchvision.models import mobilenet_v2

        self.features = mobilenet_v2().features[:18]
        if output_stride == 16:
            self.features[14].conv[1][0].stride = (1, 1)
            for block in self.features[14:]:
                block.conv[1][0].dilation = block.conv[1][0].padding = (2, 2)

    def forward(self, images):
        outputs = []
        for index, block in enumerate(self.features):
            images = block(images)
            if index in (1, 3, 6, 13, 17):
                outputs.append(images)
        return outputs


def write(config):
    torch.manual_seed(0)
    model = Backbone(config["outputStride"]).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            # Statistics that folding has to respect.
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    images = hashed_images(0, (config["batch"], 3, config["height"], config["width"]), 19)
    torch.save({"images": images, **{f"model.{name}": value for name, value in model.state_dict().items()}},
               config["start"])
    torch.onnx.export(model, images, config["model"], opset_version=13, input_names=["images"],
                      output_names=[f"tap{index}" for index in range(5)])
    pathlib.Path(config["model"] + ".image").write_bytes(images.numpy().tobytes())


def serve(take_step):
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line.split()[1])):
            began = time.perf_counter()
            take_step()
            seconds.append(time.perf_counter() - began)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peakMiB": peak}), flush=True)


def features(config):
    torch.set_num_threads(config["threads"])
    state = torch.load(config["start"])
    images = state.pop("images").contiguous(memory_format=torch.channels_last)
    model = Backbone(config["outputStride"])
    model.load_state_dict({name[len("model."):]: value for name, value in state.items()})
    del state
    model = model.to(memory_format=torch.channels_last).eval()
    bfloat16 = config["precision"] == "bfloat16"

    def compute():
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            return model(images)

    flat = torch.cat([tap.float().contiguous().flatten() for tap in compute()])
    pathlib.Path(config["outputs"]).write_bytes(flat.numpy().tobytes())
    serve(compute)


def head(config):
    torch.set_num_threads(config["threads"])
    torch.manual_seed(0)
    rows, channels, classes, drawn = (config[name] for name in ("rows", "channels", "classCount", "drawn"))
    labels = torch.randint(classes, (rows,))
    table = (torch.randn(classes, channels)[labels] + 3 * torch.randn(rows, channels)).to(torch.float16)
    model = nn.Sequential(nn.Linear(channels, config["hidden"]), nn.ReLU(), nn.Linear(config["hidden"], classes))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    bfloat16 = config["precision"] == "bfloat16"

    def step():
        chosen = torch.randint(rows, (drawn,))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            logits = model(table.index_select(0, chosen).float())
        loss = F.cross_entropy(logits.float(), labels.index_select(0, chosen))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    serve(lambda: [step() for _ in range(config["steps"])])


if __name__ == "__main__":
    {"write": write, "features": features, "head": head}[sys.argv[1]](json.loads(sys.argv[2]))
