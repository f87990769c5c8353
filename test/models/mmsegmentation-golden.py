"""Writes mmsegmentation-golden.json: the names and shapes of mmsegmentation 0.11's checkpoints, and what its networks
compute when every value follows from its name.

Run with Debian's python3-torch:  python3 test/models/mmsegmentation-golden.py

The networks are written out here from the papers and mmsegmentation's descriptions, with its module names: ResNetV1c,
ResNeSt, DepthwiseSeparableASPPHead, FCNHead and the cascade of FCNHead and OCRHead.
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

from deterministic_values import fill, images, summary

BLOCKS = {50: [3, 4, 6, 3], 101: [3, 4, 23, 3]}
PLANS = {8: ([1, 2, 1, 1], [1, 1, 2, 4]), 16: ([1, 2, 2, 1], [1, 1, 1, 2])}


class ConvModule(nn.Module):
    def __init__(self, i, o, k, padding=0, dilation=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(i, o, k, padding=padding, dilation=dilation, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(o)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Separable(nn.Module):
    def __init__(self, i, o, dilation=1):
        super().__init__()
        self.depthwise_conv = ConvModule(i, i, 3, padding=dilation, dilation=dilation, groups=i)
        self.pointwise_conv = ConvModule(i, o, 1)

    def forward(self, x):
        return self.pointwise_conv(self.depthwise_conv(x))


class Bottleneck(nn.Module):
    def __init__(self, i, width, stride, dilation):
        super().__init__()
        self.conv1 = nn.Conv2d(i, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride != 1 or i != 4 * width:
            self.downsample = nn.Sequential(nn.Conv2d(i, 4 * width, 1, stride=stride, bias=False),
                                            nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class SplitAttention(nn.Module):
    """Radix 2, one cardinal group, reduction 4, written in the paper's order: the splits are summed, then averaged."""

    def __init__(self, channels, dilation):
        super().__init__()
        inner = max(channels * 2 // 4, 32)
        self.conv = nn.Conv2d(channels, 2 * channels, 3, padding=dilation, dilation=dilation, groups=2, bias=False)
        self.bn0 = nn.BatchNorm2d(2 * channels)
        self.fc1 = nn.Conv2d(channels, inner, 1)
        self.bn1 = nn.BatchNorm2d(inner)
        self.fc2 = nn.Conv2d(inner, 2 * channels, 1)

    def forward(self, x):
        splits = F.relu(self.bn0(self.conv(x))).chunk(2, dim=1)
        pooled = (splits[0] + splits[1]).mean(dim=(2, 3), keepdim=True)
        scores = self.fc2(F.relu(self.bn1(self.fc1(pooled)))).chunk(2, dim=1)
        first = torch.sigmoid(scores[0] - scores[1])
        return first * splits[0] + (1 - first) * splits[1]


class SplitBottleneck(nn.Module):
    def __init__(self, i, width, stride, dilation):
        super().__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(i, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = SplitAttention(width, dilation)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride != 1 or i != 4 * width:
            self.downsample = nn.Sequential(nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False),
                                            nn.Conv2d(i, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = self.conv2(F.relu(self.bn1(self.conv1(x))))
        if self.stride > 1:
            y = F.avg_pool2d(y, 3, self.stride, padding=1)
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class Backbone(nn.Module):
    def __init__(self, block, depth, stem, output_stride):
        super().__init__()
        half = stem // 2
        layers = []
        for i, o, stride in [(3, half, 2), (half, half, 1), (half, stem, 1)]:
            layers += [nn.Conv2d(i, o, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
        self.stem = nn.Sequential(*layers)
        i = stem
        for n, (count, stride, dilation) in enumerate(zip(BLOCKS[depth], *PLANS[output_stride])):
            width = 64 * 2**n
            first = dilation // 2 if dilation > 1 else dilation
            rest = [block(4 * width, width, 1, dilation) for _ in range(count - 1)]
            setattr(self, f'layer{n + 1}', nn.Sequential(block(i, width, stride, first), *rest))
            i = 4 * width

    def forward(self, x):
        x = F.max_pool2d(self.stem(x), 3, 2, 1)
        features = []
        for n in (1, 2, 3, 4):
            x = getattr(self, f'layer{n}')(x)
            features.append(x)
        return features


def resnet_v1c(depth, output_stride):
    return Backbone(Bottleneck, depth, 64, output_stride)


def resnest(depth, output_stride):
    """The published ResNeSt-50 has a stem of 32, 32 and 64 channels, ResNeSt-101 one of 64, 64 and 128."""
    return Backbone(SplitBottleneck, depth, {50: 64, 101: 128}[depth], output_stride)


class FCNHead(nn.Module):
    def __init__(self, classes, index=2):
        super().__init__()
        self.index = index
        self.convs = nn.Sequential(ConvModule(1024, 256, 3, padding=1))
        self.conv_seg = nn.Conv2d(256, classes, 1)

    def forward(self, features):
        return self.conv_seg(self.convs(features[self.index]))


class SeparableASPPHead(nn.Module):
    def __init__(self, classes, dilations):
        super().__init__()
        self.conv_seg = nn.Conv2d(512, classes, 1)
        self.image_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvModule(2048, 512, 1))
        self.aspp_modules = nn.ModuleList([ConvModule(2048, 512, 1)] + [Separable(2048, 512, d) for d in dilations])
        self.bottleneck = ConvModule(5 * 512, 512, 3, padding=1)
        self.c1_bottleneck = ConvModule(256, 48, 1)
        self.sep_bottleneck = nn.Sequential(Separable(512 + 48, 512), Separable(512, 512))

    def forward(self, features):
        low, x = self.c1_bottleneck(features[0]), features[3]
        image = F.interpolate(self.image_pool(x), x.shape[2:], mode='bilinear', align_corners=False)
        x = self.bottleneck(torch.cat([image] + [module(x) for module in self.aspp_modules], 1))
        x = F.interpolate(x, low.shape[2:], mode='bilinear', align_corners=False)
        return self.conv_seg(self.sep_bottleneck(torch.cat([x, low], 1)))


class ObjectAttentionBlock(nn.Module):
    def __init__(self, channels, keys):
        super().__init__()
        self.keys = keys
        self.key_project = nn.Sequential(ConvModule(channels, keys, 1), ConvModule(keys, keys, 1))
        self.query_project = nn.Sequential(ConvModule(channels, keys, 1), ConvModule(keys, keys, 1))
        self.value_project = ConvModule(channels, keys, 1)
        self.out_project = ConvModule(keys, channels, 1)
        self.bottleneck = ConvModule(2 * channels, channels, 1)

    def forward(self, pixels, regions):
        query, key, value = self.query_project(pixels), self.key_project(regions), self.value_project(regions)
        affinity = torch.einsum('nchw,ncko->nkhw', query, key) / self.keys**0.5
        context = torch.einsum('nkhw,ncko->nchw', affinity.softmax(1), value)
        return self.bottleneck(torch.cat([self.out_project(context), pixels], 1))


class OCRHead(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv_seg = nn.Conv2d(512, classes, 1)
        self.object_context_block = ObjectAttentionBlock(512, 256)
        self.bottleneck = ConvModule(2048, 512, 3, padding=1)

    def forward(self, features, first):
        pixels = self.bottleneck(features[3])
        share = first.flatten(2).softmax(2).reshape(first.shape)
        regions = torch.einsum('nkhw,nchw->nck', share, pixels).unsqueeze(3)
        return self.conv_seg(self.object_context_block(pixels, regions))


class EncoderDecoder(nn.Module):
    """A DeepLabv3+ with its auxiliary head."""

    def __init__(self, backbone, classes, dilations=(12, 24, 36)):
        super().__init__()
        self.backbone = backbone
        self.decode_head = SeparableASPPHead(classes, dilations)
        self.auxiliary_head = FCNHead(classes)

    def forward(self, x):
        features = self.backbone(x)
        return [F.interpolate(y, x.shape[2:], mode='bilinear', align_corners=False)
                for y in (self.decode_head(features), self.auxiliary_head(features))]


class CascadeEncoderDecoder(nn.Module):
    """OCR behind the classifier that it begins with."""

    def __init__(self, backbone, classes):
        super().__init__()
        self.backbone = backbone
        self.decode_head = nn.ModuleList([FCNHead(classes), OCRHead(classes)])

    def forward(self, x):
        features = self.backbone(x)
        first = self.decode_head[0](features)
        return [F.interpolate(y, x.shape[2:], mode='bilinear', align_corners=False)
                for y in (self.decode_head[1](features, first), first)]


def layers(module):
    """'64x3x3x3' for a convolution, with ' + bias' where it has one, 'norm 64' for a normalisation."""
    found = {}
    for name, part in module.named_modules():
        if isinstance(part, nn.Conv2d):
            found[name] = 'x'.join(map(str, part.weight.shape)) + ('' if part.bias is None else ' + bias')
        elif isinstance(part, nn.BatchNorm2d):
            found[name] = f'norm {part.num_features}'
    return found


def without_backbone(model):
    return {name: layer for name, layer in layers(model).items() if not name.startswith('backbone.')}


def features(backbone):
    return [summary(feature) for feature in fill(backbone).eval()(images([2, 3, 64, 96]))]


def prediction(model):
    logits, _ = fill(model).eval()(images([2, 3, 64, 96]))
    return summary(logits)


def training_step(model, names):
    logits, auxiliary = fill(model).train()(images([4, 3, 64, 64]))
    objective = logits.square().mean() + 0.4 * auxiliary.square().mean()
    objective.backward()
    return {
        'logits': summary(logits),
        'auxiliary': summary(auxiliary),
        'objective': objective.item(),
        'gradients': {name: summary(model.get_parameter(name).grad) for name in names},
    }


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


ocr = CascadeEncoderDecoder(resnest(50, 16), 5)
golden = {
    'torch': torch.__version__,
    'layers': {
        'resnet50_v1c': layers(resnet_v1c(50, 8)),
        'resnet101_v1c': layers(resnet_v1c(101, 8)),
        'resnest50': layers(resnest(50, 8)),
        'resnest101': layers(resnest(101, 8)),
        'deeplabv3plus, 19 classes': without_backbone(EncoderDecoder(nn.Identity(), 19)),
        'ocr, 19 classes': without_backbone(CascadeEncoderDecoder(nn.Identity(), 19)),
    },
    'parameters': {
        'resnest50': parameters(resnest(50, 8)),
        'resnest101': parameters(resnest(101, 8)),
        'deeplabv3plus head, 19 classes': parameters(SeparableASPPHead(19, (12, 24, 36))),
        'ocr head, 19 classes': parameters(OCRHead(19)),
    },
    'resnest50 features, output stride 8': features(resnest(50, 8)),
    'resnest50 features, output stride 16': features(resnest(50, 16)),
    'deeplabv3plus on resnet50, 19 classes, output stride 8': prediction(EncoderDecoder(resnet_v1c(50, 8), 19)),
    'ocr on resnet50, 19 classes, output stride 8': prediction(CascadeEncoderDecoder(resnet_v1c(50, 8), 19)),
    'ocr on resnest50, 5 classes, output stride 16': training_step(ocr, [
        'backbone.stem.3.weight',
        'backbone.layer2.0.conv2.conv.weight',
        'backbone.layer2.0.conv2.fc2.weight',
        'backbone.layer3.0.downsample.1.weight',
        'decode_head.0.convs.0.conv.weight',
        'decode_head.1.object_context_block.query_project.0.conv.weight',
        'decode_head.1.object_context_block.key_project.1.bn.weight',
        'decode_head.1.object_context_block.value_project.conv.weight',
        'decode_head.1.bottleneck.conv.weight',
        'decode_head.1.conv_seg.bias',
    ]),
}
path = pathlib.Path(__file__).with_name('mmsegmentation-golden.json')
path.write_text(json.dumps(golden, indent=1) + '\n')
