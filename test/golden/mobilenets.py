"""MobileNetV2 (Sandler et al. 2018) and MobileNetV3-Large (Howard et al. 2019) in plain PyTorch, with dilated stages.

Written from the papers' tables; the activations, epsilons and dilations are torchvision's. The names of the fields are
the package's state-dict names. The last 1x1 convolution of MobileNetV2, which belongs to its classifier, is left out.
"""

import torch
from torch import nn
from torch.nn import functional as F

# Blocks by stage, the stem's first: kernel, expanded channels, channels, squeeze and excitation, activation.
V2 = [[(3, 32, 16)], [(3, 96, 24), (3, 144, 24)], [(3, 144, 32), (3, 192, 32), (3, 192, 32)],
      [(3, 192, 64), *[(3, 384, 64)] * 3, (3, 384, 96), *[(3, 576, 96)] * 2],
      [(3, 576, 160), *[(3, 960, 160)] * 2, (3, 960, 320)]]
V3_LARGE = [[(3, 16, 16, False, "relu")], [(3, 64, 24, False, "relu"), (3, 72, 24, False, "relu")],
            [(5, 72, 40, True, "relu"), *[(5, 120, 40, True, "relu")] * 2],
            [(3, 240, 80, False, "hardswish"), (3, 200, 80, False, "hardswish"),
             *[(3, 184, 80, False, "hardswish")] * 2,
             (3, 480, 112, True, "hardswish"), (3, 672, 112, True, "hardswish")],
            [(5, 672, 160, True, "hardswish"), *[(5, 960, 160, True, "hardswish")] * 2]]
BLOCKS = {"mobilenet_v2": [[(*block, False, "relu6") for block in stage] for stage in V2],
          "mobilenet_v3_large": V3_LARGE}
STRIDES = {8: ((2, 2, 1, 1), (1, 1, 2, 4)), 16: ((2, 2, 2, 1), (1, 1, 1, 2)), 32: ((2, 2, 2, 2), (1, 1, 1, 1))}


def relu6(x):
    # PyTorch 1 has no gradient of relu6 in bfloat16 on the CPU.
    return F.relu(x).clamp_max(6) if torch.__version__.startswith("1.") else F.relu6(x, inplace=True)


ACTIVATIONS = {"relu": lambda x: F.relu(x, inplace=True), "relu6": relu6,
               "hardswish": F.hardswish, None: lambda x: x}


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel, settings, stride=1, dilation=1, groups=1, activation=None):
        super().__init__()
        padding = dilation * (kernel // 2)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs, **settings)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        return self.activation(self.bn(self.conv(x)))


class SqueezeExcitation(nn.Module):
    def __init__(self, channels):
        super().__init__()
        squeezed = max(8, (channels // 4 + 4) // 8 * 8)
        squeezed += 8 * (squeezed < 0.9 * (channels // 4))
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, block, settings, stride=1, dilation=1):
        super().__init__()
        kernel, expanded, outputs, squeezes, activation = block
        self.expand = None
        if expanded != inputs:
            self.expand = ConvNorm(inputs, expanded, 1, settings, activation=activation)
        self.depthwise = ConvNorm(expanded, expanded, kernel, settings, stride, dilation, expanded, activation)
        self.squeeze = SqueezeExcitation(expanded) if squeezes else None
        self.project = ConvNorm(expanded, outputs, 1, settings)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.depthwise(x if self.expand is None else self.expand(x))
        y = self.project(y if self.squeeze is None else self.squeeze(y))
        return x + y if self.adds else y


class MobileNet(nn.Module):
    """Returns the four stages' features."""

    def __init__(self, kind, output_stride):
        super().__init__()
        v3 = kind == "mobilenet_v3_large"
        settings = {"eps": 1e-3, "momentum": 0.01} if v3 else {"eps": 1e-5, "momentum": 0.1}
        activation = "hardswish" if v3 else "relu6"
        (stem_block,), *stages = BLOCKS[kind]
        inputs = 16 if v3 else 32
        self.stem = nn.Sequential(ConvNorm(3, inputs, 3, settings, 2, activation=activation),
                                  InvertedResidual(inputs, stem_block, settings))
        inputs, self.channels = stem_block[2], []
        for index, (blocks, stride, dilation) in enumerate(zip(stages, *STRIDES[output_stride])):
            stage = []
            for position, block in enumerate(blocks):
                stage.append(InvertedResidual(inputs, block, settings, 1 if position else stride, dilation))
                inputs = block[2]
            if v3 and index == 3:
                stage.append(ConvNorm(inputs, 6 * inputs, 1, settings, activation=activation))
                inputs *= 6
            self.channels.append(inputs)
            setattr(self, f"stage{index + 1}", nn.Sequential(*stage))

    def forward(self, images):
        x = self.stem(images)
        features = []
        for stage in (self.stage1, self.stage2, self.stage3, self.stage4):
            x = stage(x)
            features.append(x)
        return features
