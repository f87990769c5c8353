"""Writes networks-golden.json: what PyTorch computes for networks whose every value follows from its name.

Run with Debian's python3-torch and python3-torchvision:  python3 test/models/networks-golden.py

The ResNets are torchvision's (its `replace_stride_with_dilation` is mmsegmentation's `contract_dilation`). The
segmentor is written out here after mmsegmentation 0.11: ResNetV1c, DepthwiseSeparableASPPHead, FCNHead.
"""
import json
import pathlib

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from deterministic_values import fill, images, summary


def torchvision_features(depth, dilate):
    net = getattr(torchvision.models, f'resnet{depth}')(replace_stride_with_dilation=dilate) if depth > 34 \
        else getattr(torchvision.models, f'resnet{depth}')()
    net = fill(net).eval()
    x = images([2, 3, 64, 96])
    x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
    features = []
    for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
        x = layer(x)
        features.append(summary(x))
    shapes = {name: 'x'.join(map(str, t.shape)) for name, t in net.state_dict().items()}
    return {'features': features, 'shapes': shapes}


class ConvModule(nn.Module):
    def __init__(self, i, o, k, stride=1, padding=0, dilation=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(i, o, k, stride=stride, padding=padding, dilation=dilation, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(o)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Separable(nn.Module):
    def __init__(self, i, o, dilation=1):
        super().__init__()
        self.depthwise = ConvModule(i, i, 3, padding=dilation, dilation=dilation, groups=i)
        self.pointwise = ConvModule(i, o, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class BasicBlock(nn.Module):
    def __init__(self, i, o, stride, dilation):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, stride=stride, padding=dilation, dilation=dilation, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        self.downsample = None
        if stride != 1 or i != o:
            self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, stride=stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18V1c(nn.Module):
    """Output stride 16."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(ConvModule(3, 32, 3, stride=2, padding=1), ConvModule(32, 32, 3, padding=1),
                                  ConvModule(32, 64, 3, padding=1))
        i = 64
        for n, (o, stride, dilation) in enumerate([(64, 1, 1), (128, 2, 1), (256, 2, 1), (512, 1, 2)], 1):
            first = dilation // 2 if dilation > 1 else dilation
            setattr(self, f'stage{n}', nn.Sequential(BasicBlock(i, o, stride, first), BasicBlock(o, o, 1, dilation)))
            i = o

    def forward(self, x):
        x = F.max_pool2d(self.stem(x), 3, 2, 1)
        features = []
        for n in (1, 2, 3, 4):
            x = getattr(self, f'stage{n}')(x)
            features.append(x)
        return features


class DeepLabV3Plus(nn.Module):
    def __init__(self, low, high, channels, classes, dilations):
        super().__init__()
        self.imagePool = ConvModule(high, channels, 1)
        self.pointwise = ConvModule(high, channels, 1)
        self.branches = nn.ModuleList(Separable(high, channels, dilation) for dilation in dilations)
        self.bottleneck = ConvModule(5 * channels, channels, 3, padding=1)
        self.lowLevel = ConvModule(low, 48, 1)
        self.fuse = nn.Sequential(Separable(channels + 48, channels), Separable(channels, channels))
        self.classifier = nn.Conv2d(channels, classes, 1)

    def forward(self, features):
        low, x = self.lowLevel(features[0]), features[3]
        image = F.interpolate(self.imagePool(F.adaptive_avg_pool2d(x, 1)), x.shape[2:], mode='bilinear',
                              align_corners=False)
        x = self.bottleneck(torch.cat([image, self.pointwise(x)] + [branch(x) for branch in self.branches], 1))
        x = F.interpolate(x, low.shape[2:], mode='bilinear', align_corners=False)
        return self.classifier(self.fuse(torch.cat([x, low], 1)))


class FcnHead(nn.Module):
    def __init__(self, i, channels, classes):
        super().__init__()
        self.conv = ConvModule(i, channels, 3, padding=1)
        self.classifier = nn.Conv2d(channels, classes, 1)

    def forward(self, features):
        return self.classifier(self.conv(features[2]))


class Segmentor(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.backbone = ResNet18V1c()
        self.head = DeepLabV3Plus(64, 512, 256, classes, [6, 12, 18])
        self.auxiliary = FcnHead(256, 256, classes)

    def forward(self, x):
        features = self.backbone(x)
        return [F.interpolate(head(features), x.shape[2:], mode='bilinear', align_corners=False)
                for head in (self.head, self.auxiliary)]


def segmentor():
    net = fill(Segmentor(5)).train()
    x = images([4, 3, 64, 64])
    logits, auxiliary = net(x)
    objective = logits.square().mean() + 0.4 * auxiliary.square().mean()
    objective.backward()
    return {
        'logits': summary(logits),
        'auxiliary': summary(auxiliary),
        'objective': objective.item(),
        'gradients': {
            name: summary(net.get_parameter(name).grad)
            for name in [
                'backbone.stem.0.conv.weight',
                'backbone.stage3.0.downsample.0.weight',
                'backbone.stage4.1.conv1.weight',
                'head.imagePool.conv.weight',
                'head.branches.1.depthwise.conv.weight',
                'head.classifier.bias',
                'auxiliary.conv.bn.weight',
            ]
        },
        'runningVariance': summary(net.state_dict()['backbone.stage2.1.bn2.running_var']),
    }


torch.manual_seed(0)
golden = {
    'torch': torch.__version__,
    'resnet18, output stride 32': torchvision_features(18, None),
    'resnet50, output stride 8': torchvision_features(50, [False, True, True]),
    'segmentor': segmentor(),
}
path = pathlib.Path(__file__).with_name('networks-golden.json')
path.write_text(json.dumps(golden, indent=1) + '\n')
