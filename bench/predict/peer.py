"""Labels the image of the predict bench in PyTorch, as a careful Python programmer would write it.

    peer.py write CONFIG    weights and an image into CONFIG's `start`, the network as ONNX into its `model`
    peer.py run CONFIG      labels the image for each line `step N` (bench/support/program.ts)

Channels-last, inference mode, bfloat16 by autocast, resizing and argmax in float32.
"""

import json
import pathlib
import resource
import sys
import time

import torch
from torch import nn

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "test" / "golden"))
from hashing import fill_with_hash, hashed_images  # noqa: E402
from networks import Segmentor, resize  # noqa: E402


class Labeller(nn.Module):
    """Maps images to the class of every pixel, by the main head."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        logits = self.model.head(self.model.backbone(images))
        return resize(logits.float(), images.shape[2:]).argmax(1)


def write(config):
    model = Segmentor(config["depth"], config["outputStride"], config["classCount"])
    fill_with_hash(model)
    images = hashed_images(0, (1, 3, config["height"], config["width"]), config["classCount"])
    torch.save({"images": images, **{f"model.{name}": value for name, value in model.state_dict().items()}},
               config["start"])
    torch.onnx.export(Labeller(model).eval(), images, config["model"], opset_version=13,
                      input_names=["images"], output_names=["labels"])
    pathlib.Path(config["model"] + ".image").write_bytes(images.numpy().tobytes())


def run(config):
    torch.set_num_threads(config["threads"])
    state = torch.load(config["start"])
    images = state.pop("images").contiguous(memory_format=torch.channels_last)
    model = Segmentor(config["depth"], config["outputStride"], config["classCount"])
    model.load_state_dict({name[len("model."):]: value for name, value in state.items()})
    del state
    labeller = Labeller(model.to(memory_format=torch.channels_last)).eval()
    if config["mode"] == "compile":
        from torch._inductor import config as inductor

        inductor.freezing = True
        labeller = torch.compile(labeller)
    bfloat16 = config["precision"] == "bfloat16"

    def predict():
        # Frozen weights want no_grad: inductor does not fold under inference mode.
        mode = torch.no_grad() if config["mode"] == "compile" else torch.inference_mode()
        with mode, torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            return labeller(images)

    pathlib.Path(config["labels"]).write_bytes(predict().to(torch.uint8).numpy().tobytes())
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line.split()[1])):
            began = time.perf_counter()
            predict()
            seconds.append(time.perf_counter() - began)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peakMiB": peak}), flush=True)


if __name__ == "__main__":
    {"write": write, "run": run}[sys.argv[1]](json.loads(sys.argv[2]))
