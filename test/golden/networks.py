"""DeepLabv3+ on a ResNet with the deep stem (V1c) or a MobileNet, in plain PyTorch: what the package's models are held against.

Written from the papers (He et al. 2015; He et al. 2018 for the stem; Chen et al. 2018) with mmsegmentation 0.11's choices
where they are silent. The names of the fields are the package's state-dict names.
"""

import torch
from torch import nn
from torch.nn import functional as F

from mobilenets import MobileNet


def resize(features, size):
    return F.interpolate(features, size=size, mode="bilinear", align_corners=False)


class ConvNormRelu(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, padding=0, dilation=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


class SeparableConv(nn.Module):
    """Depthwise 3x3, BN, ReLU, then pointwise 1x1, BN, ReLU."""

    def __init__(self, inputs, outputs, dilation=1):
        super().__init__()
        self.depthwise = ConvNormRelu(inputs, inputs, 3, padding=dilation, dilation=dilation, groups=inputs)
        self.pointwise = ConvNormRelu(inputs, outputs, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class BasicBlock(nn.Module):
    expansion = 1
    last_norm = property(lambda self: self.bn2)

    def __init__(self, inputs, planes, stride, dilation):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, dilation, dilation, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = shortcut(inputs, planes, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y = y + (x if self.downsample is None else self.downsample(x))
        return F.relu(y, inplace=True)


class Bottleneck(nn.Module):
    expansion = 4
    last_norm = property(lambda self: self.bn3)

    def __init__(self, inputs, planes, stride, dilation):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * 4)
        self.downsample = shortcut(inputs, planes * 4, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        y = y + (x if self.downsample is None else self.downsample(x))
        return F.relu(y, inplace=True)


def shortcut(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ResNet(nn.Module):
    """Returns the four stages' features. The first block of a dilated stage takes half the stage's dilation."""

    LAYOUTS = {18: (BasicBlock, (2, 2, 2, 2)), 50: (Bottleneck, (3, 4, 6, 3))}
    STRIDES = {8: ((1, 2, 1, 1), (1, 1, 2, 4)), 16: ((1, 2, 2, 1), (1, 1, 1, 2))}

    def __init__(self, depth, output_stride):
        super().__init__()
        block, counts = self.LAYOUTS[depth]
        self.stem = nn.Sequential(
            ConvNormRelu(3, 32, 3, 2, 1), ConvNormRelu(32, 32, 3, 1, 1), ConvNormRelu(32, 64, 3, 1, 1)
        )
        self.channels = [planes * block.expansion for planes in (64, 128, 256, 512)]
        inputs = 64
        for index, (stride, dilation) in enumerate(zip(*self.STRIDES[output_stride])):
            planes, blocks = 64 << index, []
            for position in range(counts[index]):
                first = position == 0
                blocks.append(
                    block(inputs, planes, stride if first else 1, max(1, dilation // 2) if first else dilation)
                )
                inputs = planes * block.expansion
            setattr(self, f"stage{index + 1}", nn.Sequential(*blocks))

    def forward(self, images):
        x = F.max_pool2d(self.stem(images), 3, 2, 1)
        features = []
        for stage in (self.stage1, self.stage2, self.stage3, self.stage4):
            x = stage(x)
            features.append(x)
        return features


class DeepLabV3Plus(nn.Module):
    """Without the dropout before the classifier: the runs compared set its probability to 0."""

    def __init__(self, low_inputs, inputs, channels, dilations, class_count):
        super().__init__()
        self.imagePool = ConvNormRelu(inputs, channels, 1)
        self.pointwise = ConvNormRelu(inputs, channels, 1)
        self.branches = nn.ModuleList(SeparableConv(inputs, channels, dilation) for dilation in dilations)
        self.bottleneck = ConvNormRelu(channels * (2 + len(dilations)), channels, 3, padding=1)
        self.lowLevel = ConvNormRelu(low_inputs, 48, 1)
        self.fuse = nn.Sequential(SeparableConv(channels + 48, channels), SeparableConv(channels, channels))
        self.classifier = nn.Conv2d(channels, class_count, 1)

    def forward(self, features):
        low, x = self.lowLevel(features[0]), features[3]
        pooled = resize(self.imagePool(F.adaptive_avg_pool2d(x, 1)), x.shape[2:])
        pyramid = torch.cat([pooled, self.pointwise(x)] + [branch(x) for branch in self.branches], 1)
        context = resize(self.bottleneck(pyramid), low.shape[2:])
        return self.classifier(self.fuse(torch.cat([context, low], 1)))


class FcnHead(nn.Module):
    def __init__(self, inputs, channels, class_count):
        super().__init__()
        self.conv = ConvNormRelu(inputs, channels, 3, padding=1)
        self.classifier = nn.Conv2d(channels, class_count, 1)

    def forward(self, features):
        return self.classifier(self.conv(features[2]))


class Segmentor(nn.Module):
    """(N, 3, H, W) images to the logits of both heads, (N, C, H, W)."""

    def __init__(self, network, output_stride, class_count):
        """`network` is the depth of a ResNet, or the name of a MobileNet."""
        super().__init__()
        is_resnet = isinstance(network, int)
        self.backbone = ResNet(network, output_stride) if is_resnet else MobileNet(network, output_stride)
        low, _, middle, high = self.backbone.channels
        dilations = [rate * 96 // output_stride for rate in (1, 2, 3)]
        channels = 512 if is_resnet and network >= 50 else 256
        self.head = DeepLabV3Plus(low, high, channels, dilations, class_count)
        self.auxiliary = FcnHead(middle, 256, class_count)

    def forward(self, images):
        features = self.backbone(images)
        size = images.shape[2:]
        return resize(self.head(features), size), resize(self.auxiliary(features), size)
