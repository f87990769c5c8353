"""Writes sgd-golden.json: torch.optim.SGD on a small quadratic, parameters after every step.

Run with any PyTorch from 1.12:  python3 test/optim/sgd-golden.py
"""
import json
import pathlib

import torch

CASES = [
    {'name': 'plain', 'options': {'momentum': 0, 'weight_decay': 0}},
    {'name': 'momentum', 'options': {'momentum': 0.9, 'weight_decay': 0}},
    {'name': 'decay', 'options': {'momentum': 0.9, 'weight_decay': 0.1}},
    {'name': 'maximize', 'options': {'momentum': 0.9, 'weight_decay': 0.1, 'maximize': True}},
]

for case in CASES:
    p = torch.tensor([1.0, -2.0, 3.0, 0.5], requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.1, **case['options'])
    case['steps'] = []
    for step in range(4):
        optimizer.param_groups[0]['lr'] = 0.1 / (1 + step)
        optimizer.zero_grad()
        (p * p * torch.tensor([0.5, 1.0, 0.25, 2.0])).sum().backward()
        optimizer.step()
        case['steps'].append(p.tolist())

path = pathlib.Path(__file__).with_name('sgd-golden.json')
path.write_text(json.dumps({'torch': torch.__version__, 'cases': CASES}, indent=1) + '\n')
