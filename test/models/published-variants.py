"""Writes published-variants.json: what networks of mmsegmentation compute whose configs differ where tensors leave no trace.

Run with Debian's python3-torch:  python3 test/models/published-variants.py

The networks are written out here from mmsegmentation's documented behavior, with its module names and its meaning of
`align_corners`, `dilations`, `strides`, `contract_dilation`, `style`, `norm_eval`, `mean`, `std`, `to_rgb` and `test_cfg`.
Every value follows from its name (deterministic_values.py), and all is computed in float64.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from deterministic_values import fill, summary, uniform

HEIGHT, WIDTH, CLASSES = 65, 89, 5
IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])


def resize(x, size, align):
    return F.interpolate(x, size, mode='bilinear', align_corners=align)


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


def shortcut(i, o, stride, pooled):
    if stride == 1 and i == o:
        return None
    conv = nn.Conv2d(i, o, 1, stride=1 if pooled else stride, bias=False)
    pool = [nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)] if pooled else []
    return nn.Sequential(*pool, conv, nn.BatchNorm2d(o))


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, i, width, stride, dilation, style):
        super().__init__()
        self.conv1 = nn.Conv2d(i, width, 3, stride=stride, padding=dilation, dilation=dilation, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(i, width, stride, False)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, i, width, stride, dilation, style):
        super().__init__()
        first, second = (1, stride) if style == 'pytorch' else (stride, 1)
        self.conv1 = nn.Conv2d(i, width, 1, stride=first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=second, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = shortcut(i, 4 * width, stride, False)

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class SplitAttention(nn.Module):
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
    expansion = 4

    def __init__(self, i, width, stride, dilation, style):
        super().__init__()
        first, self.pool = (1, stride) if style == 'pytorch' else (stride, 1)
        self.conv1 = nn.Conv2d(i, width, 1, stride=first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = SplitAttention(width, dilation)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = shortcut(i, 4 * width, stride, True)

    def forward(self, x):
        y = self.conv2(F.relu(self.bn1(self.conv1(x))))
        if self.pool > 1:
            y = F.avg_pool2d(y, 3, self.pool, padding=1)
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class Backbone(nn.Module):
    def __init__(self, type, depth, strides, dilations, contract_dilation=False, style='pytorch', norm_eval=False):
        super().__init__()
        block = SplitBottleneck if type == 'ResNeSt' else BasicBlock if depth < 50 else Bottleneck
        self.norm_eval = norm_eval
        self.plain = type == 'ResNet'
        if self.plain:
            self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64)
        else:
            layers = []
            for i, o, stride in [(3, 32, 2), (32, 32, 1), (32, 64, 1)]:
                layers += [nn.Conv2d(i, o, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
            self.stem = nn.Sequential(*layers)
        i = 64
        blocks = {18: [2, 2, 2, 2], 50: [3, 4, 6, 3]}[depth]
        for n, (count, stride, dilation) in enumerate(zip(blocks, strides, dilations)):
            width = 64 * 2**n
            first = dilation // 2 if contract_dilation and dilation > 1 else dilation
            out = width * block.expansion
            rest = [block(out, width, 1, dilation, style) for _ in range(count - 1)]
            setattr(self, f'layer{n + 1}', nn.Sequential(block(i, width, stride, first, style), *rest))
            i = out
        self.channels = [64 * block.expansion, 128 * block.expansion, 256 * block.expansion, i]

    def train(self, mode=True):
        super().train(mode)
        if mode and self.norm_eval:
            for part in self.modules():
                if isinstance(part, nn.BatchNorm2d):
                    part.eval()
        return self

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x))) if self.plain else self.stem(x)
        x = F.max_pool2d(x, 3, 2, 1)
        features = []
        for n in (1, 2, 3, 4):
            x = getattr(self, f'layer{n}')(x)
            features.append(x)
        return features


class FCNHead(nn.Module):
    def __init__(self, i, channels):
        super().__init__()
        self.convs = nn.Sequential(ConvModule(i, channels, 3, padding=1))
        self.conv_seg = nn.Conv2d(channels, CLASSES, 1)

    def forward(self, features):
        return self.conv_seg(self.convs(features[2]))


class ASPPHead(nn.Module):
    def __init__(self, i, c1, channels, c1_channels, dilations, align_corners):
        super().__init__()
        self.align = align_corners
        self.conv_seg = nn.Conv2d(channels, CLASSES, 1)
        self.image_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvModule(i, channels, 1))
        self.aspp_modules = nn.ModuleList(
            [ConvModule(i, channels, 1)] + [Separable(i, channels, d) for d in dilations[1:]])
        self.bottleneck = ConvModule((1 + len(dilations)) * channels, channels, 3, padding=1)
        self.c1_bottleneck = ConvModule(c1, c1_channels, 1)
        self.sep_bottleneck = nn.Sequential(Separable(channels + c1_channels, channels), Separable(channels, channels))

    def forward(self, features):
        low, x = self.c1_bottleneck(features[0]), features[3]
        image = resize(self.image_pool(x), x.shape[2:], self.align)
        x = self.bottleneck(torch.cat([image] + [module(x) for module in self.aspp_modules], 1))
        x = resize(x, low.shape[2:], self.align)
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
    def __init__(self, i, channels, keys):
        super().__init__()
        self.conv_seg = nn.Conv2d(channels, CLASSES, 1)
        self.object_context_block = ObjectAttentionBlock(channels, keys)
        self.bottleneck = ConvModule(i, channels, 3, padding=1)

    def forward(self, features, first):
        pixels = self.bottleneck(features[3])
        share = first.flatten(2).softmax(2).reshape(first.shape)
        regions = torch.einsum('nkhw,nchw->nck', share, pixels).unsqueeze(3)
        return self.conv_seg(self.object_context_block(pixels, regions))


class Network(nn.Module):
    """EncoderDecoder, or CascadeEncoderDecoder where `decode_head` is a list."""

    def __init__(self, backbone, decode_head, auxiliary_head=None):
        super().__init__()
        self.backbone = Backbone(**backbone)
        c = self.backbone.channels
        heads = decode_head if isinstance(decode_head, list) else [decode_head]
        self.cascade = isinstance(decode_head, list)
        self.align = heads[-1].get('align_corners', False)
        if self.cascade:
            region, ocr = heads
            self.decode_head = nn.ModuleList(
                [FCNHead(c[2], region['channels']), OCRHead(c[3], ocr['channels'], ocr['ocr_channels'])])
        else:
            head = heads[0]
            self.decode_head = ASPPHead(c[3], c[0], head['channels'], head['c1_channels'], head['dilations'], self.align)
        if auxiliary_head is not None:
            self.auxiliary_head = FCNHead(c[2], auxiliary_head['channels'])

    def heads(self, x):
        features = self.backbone(x)
        if self.cascade:
            first = self.decode_head[0](features)
            return self.decode_head[1](features, first), first
        return self.decode_head(features), self.auxiliary_head(features) if hasattr(self, 'auxiliary_head') else None

    def forward(self, x):
        return [None if y is None else resize(y, x.shape[2:], self.align) for y in self.heads(x)]


def infer(model, x, test_cfg):
    if test_cfg['mode'] == 'whole':
        return model(x)[0]
    (ch, cw), (sh, sw) = test_cfg['crop_size'], test_cfg['stride']
    h, w = x.shape[2:]
    total, count = torch.zeros(1, CLASSES, h, w, dtype=x.dtype), torch.zeros(1, 1, h, w, dtype=x.dtype)
    for row in range(max(h - ch + sh - 1, 0) // sh + 1):
        for column in range(max(w - cw + sw - 1, 0) // sw + 1):
            y2, x2 = min(row * sh + ch, h), min(column * sw + cw, w)
            y1, x1 = max(y2 - ch, 0), max(x2 - cw, 0)
            total[:, :, y1:y2, x1:x2] += model(x[:, :, y1:y2, x1:x2])[0]
            count[:, :, y1:y2, x1:x2] += 1
    return total / count


def image():
    """Returns an RGB image of smooth colors with noise, [height, width, 3]."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    noise = uniform('image', HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3)
    waves = [(x * (c + 2) * 5 + y * (7 - c) * 3) % 211 for c in range(3)]
    return (np.stack(waves, 2) + np.floor(noise * 45)).astype(np.uint8)


def normalized(mean, std, to_rgb):
    pixels = image() if to_rgb else image()[:, :, ::-1]
    x = (pixels.astype(np.float64) - np.array(mean)) / np.array(std)
    return torch.from_numpy(x.transpose(2, 0, 1)[None].copy())


def text(value):
    """Writes a value as mmcv's `pretty_text` does."""
    if isinstance(value, dict):
        return f"dict({', '.join(f'{key}={text(one)}' for key, one in value.items())})"
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    return repr(value)


def config_text(model, test_cfg, mean, std, to_rgb, modern=False):
    if modern:
        preprocessor = dict(type='SegDataPreProcessor', mean=mean, std=std, bgr_to_rgb=to_rgb, pad_val=0,
                            seg_pad_val=255, size=(512, 1024))
        pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', reduce_zero_label=True),
                    dict(type='PackSegInputs')]
        whole = dict(model, data_preprocessor=preprocessor, test_cfg=test_cfg, train_cfg=dict())
        return (f"crop_size = (512, 1024)\ndata_preprocessor = {text(preprocessor)}\nmodel = {text(whole)}\n"
                f"test_pipeline = {text(pipeline)}\ntest_cfg = dict(type='TestLoop')\n")
    norm = dict(type='Normalize', mean=mean, std=std, to_rgb=to_rgb)
    steps = [dict(type='Resize', keep_ratio=True), dict(type='RandomFlip'), norm, dict(type='ImageToTensor', keys=['img']),
             dict(type='Collect', keys=['img'])]
    pipeline = [dict(type='LoadImageFromFile'),
                dict(type='MultiScaleFlipAug', img_scale=(WIDTH, HEIGHT), flip=False, transforms=steps)]
    data = dict(samples_per_gpu=2, test=dict(type='CityscapesDataset', pipeline=pipeline))
    return (f"norm_cfg = dict(type='SyncBN', requires_grad=True)\nmodel = {text(model)}\n"
            f"train_cfg = dict()\ntest_cfg = {text(test_cfg)}\n"
            f"img_norm_cfg = dict(mean={text(mean)}, std={text(std)}, to_rgb={to_rgb})\ndata = {text(data)}\n")


NORM = dict(type='SyncBN', requires_grad=True)
OS8 = dict(strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4))
OS16 = dict(strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2))
WHOLE = dict(mode='whole')
R50 = dict(type='ResNetV1c', depth=50)


def aspp(dilations=(1, 12, 24, 36), **changes):
    return dict(channels=32, c1_channels=8, dilations=dilations, **changes)


def ocr(**changes):
    return [dict(channels=16), dict(channels=32, ocr_channels=16, **changes)]


VARIANTS = {
    'as published': (dict(R50, **OS8, contract_dilation=True), aspp(align_corners=False), WHOLE, {}),
    'aligned corners, slide': (dict(R50, **OS16, contract_dilation=True), aspp((1, 6, 12, 18), align_corners=True),
                               dict(mode='slide', crop_size=(49, 49), stride=(33, 33)), {}),
    'caffe style, BGR': (dict(R50, **OS8, contract_dilation=True, style='caffe'), aspp(),
                         WHOLE, dict(mean=[103.53, 116.28, 123.675], std=[1.0, 1.0, 1.0], to_rgb=False)),
    'dilations of the pyramid': (dict(R50, **OS8, contract_dilation=True), aspp((1, 6, 12, 18)), WHOLE, {}),
    'two branches': (dict(R50, **OS8, contract_dilation=True), aspp((1, 3, 5)), WHOLE, {}),
    'dilation not contracted': (dict(R50, **OS8), aspp(), WHOLE, {}),
    'other dilations': (dict(R50, strides=(1, 2, 1, 1), dilations=(1, 1, 1, 2), contract_dilation=True), aspp(),
                        WHOLE, {}),
    'other mean': (dict(R50, **OS16, contract_dilation=True), aspp((1, 6, 12, 18)), WHOLE,
                   dict(mean=[100.0, 90.0, 80.0], std=[50.0, 60.0, 70.0])),
    'output stride 32 by default': (R50, aspp((1, 3, 6, 9)), WHOLE, {}),
    '1.x': (dict(R50, **OS8, contract_dilation=True), aspp(align_corners=True), WHOLE,
            dict(mean=[110.0, 100.0, 90.0], modern=True)),
    'plain stem, ResNet-18': (dict(type='ResNet', depth=18, **OS8), aspp(align_corners=True), WHOLE, {}),
    'OCR, aligned corners': (dict(R50, **OS8, contract_dilation=True), ocr(align_corners=True), WHOLE, {}),
    'ResNeSt, not contracted': (dict(type='ResNeSt', depth=50, **OS8), aspp(align_corners=True), WHOLE, {}),
    'ResNeSt, caffe style': (dict(type='ResNeSt', depth=50, **OS16, contract_dilation=True, style='caffe'),
                             aspp((1, 6, 12, 18)), WHOLE, {}),
}


def full_heads(model, head):
    c = model.backbone.channels
    common = dict(num_classes=CLASSES, norm_cfg=NORM, dropout_ratio=0.1,
                  loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0))
    if isinstance(head, list):
        region, last = head
        return [dict(type='FCNHead', in_channels=c[2], in_index=2, num_convs=1, concat_input=False, **region, **common),
                dict(type='OCRHead', in_channels=c[3], in_index=3, **last, **common)]
    return dict(type='DepthwiseSeparableASPPHead', in_channels=c[3], in_index=3, c1_in_channels=c[0], **head, **common)


def layers(module):
    """'64x3x3x3' for a convolution, with ' + bias' where it has one, 'norm 64' for a normalisation."""
    found = {}
    for name, part in module.named_modules():
        if isinstance(part, nn.Conv2d):
            found[name] = 'x'.join(map(str, part.weight.shape)) + ('' if part.bias is None else ' + bias')
        elif isinstance(part, nn.BatchNorm2d):
            found[name] = f'norm {part.num_features}'
    return found


golden = {'torch': torch.__version__, 'layers': {}, 'variants': {}}
for name, (backbone, head, test_cfg, changes) in VARIANTS.items():
    built = dict(dict(strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1)), **backbone)
    model = fill(Network(built, head)).double().eval()
    mean, std = changes.get('mean', IMAGENET[0]), changes.get('std', IMAGENET[1])
    to_rgb = changes.get('to_rgb', True)
    with torch.no_grad():
        logits = infer(model, normalized(mean, std, to_rgb), test_cfg)
    section = dict(
        type='CascadeEncoderDecoder' if isinstance(head, list) else 'EncoderDecoder',
        pretrained='open-mmlab://resnet50_v1c',
        backbone=dict(backbone, num_stages=4, out_indices=(0, 1, 2, 3), norm_cfg=NORM, norm_eval=False),
        decode_head=full_heads(model, head))
    if isinstance(head, list):
        section['num_stages'] = 2
    # Networks that differ in their config alone have the same tensors, which are listed once.
    shapes = layers(model)
    key = next((one for one, known in golden['layers'].items() if known == shapes), name)
    golden['layers'][key] = shapes
    golden['variants'][name] = {
        'config': config_text(section, test_cfg, mean, std, to_rgb, changes.get('modern', False)),
        'layers': key,
        'logits': summary(logits),
        'labels': np.bincount(logits.argmax(1).flatten().numpy(), minlength=CLASSES).tolist(),
    }
    print(name, golden['variants'][name]['labels'])

# One training step: corners aligned in the losses too, and normalization by stored statistics in the backbone.
trained = dict(type='ResNetV1c', depth=18, **OS16, contract_dilation=True, norm_eval=True)
model = fill(Network(trained, aspp((1, 6, 12, 18), align_corners=True), dict(channels=16))).double().train()
labels = torch.from_numpy(np.floor(uniform('labels', 2 * 48 * 64) * CLASSES).astype(np.int64)).reshape(2, 48, 64)
x = normalized(*IMAGENET, True)[:, :, :48, :64]
logits, auxiliary = model(torch.cat([x, x.flip(3)]))
objective = F.cross_entropy(logits, labels) + 0.4 * F.cross_entropy(auxiliary, labels)
objective.backward()
golden['training'] = {
    'layers': layers(model),
    'objective': objective.item(),
    'logits': summary(logits),
    'auxiliary': summary(auxiliary),
    'running_mean': summary(model.state_dict()['backbone.layer4.1.bn2.running_mean']),
    'gradients': {name: summary(model.get_parameter(name).grad) for name in (
        'backbone.stem.0.weight', 'backbone.layer2.0.bn1.weight', 'backbone.layer4.1.conv2.weight',
        'decode_head.bottleneck.conv.weight', 'decode_head.conv_seg.bias', 'auxiliary_head.convs.0.conv.weight')},
}
path = pathlib.Path(__file__).with_name('published-variants.json')
path.write_text(json.dumps(golden) + '\n')
