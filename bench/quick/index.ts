/**
 * Measures what a quick model takes: features of a frozen MobileNetV2, steps of a head on rows of features, and training
 * again after new labels on a few images; ours, Python's PyTorch, and for features ONNX Runtime.
 *
 * All have the same weights and images, in memory and in the layout that suits each best. They take turns, so that other
 * work on the machine delays all alike, and every figure is the median of ratios within a round. The features are compared
 * with the peer's in float32, so that a program that computes something else is found out. Training again has no peer: it is
 * ours that keeps rows, and the seconds are what a person waits.
 *
 *   npm run bench -- quick --peer /usr/bin/python3 [--rounds 10] [--threads 2] [--only features|head|retrain]
 *
 * Without --peer: the programs named in COARSELY_BENCH_PEERS (separated by commas), or python3. Ours is built against the
 * libtorch of each peer. --exporter names the Python that writes the ONNX file (python3; PyTorch 1.13 needs no other
 * package for it). ONNX Runtime is measured where onnxruntime-node is installed (bench/support/onnx-runtime.ts).
 */

import { availableParallelism } from 'node:os';
import { defineBench } from '../support/bench.js';
import { packageVersions } from '../support/machine.js';
import { onnxRuntimeVersion } from '../support/onnx-runtime.js';
import { buildAgainst, peersOf, torchOf } from '../support/peers.js';
import { featureCases, measureFeatures } from './features.js';
import { measureHead } from './head.js';
import { measureRetraining } from './retrain.js';

export const bench = defineBench({
  options: {
    peer: { type: 'string', multiple: true },
    exporter: { type: 'string' },
    rounds: { type: 'string' },
    threads: { type: 'string' },
    only: { type: 'string', default: '' },
  },

  async run({ peer, quick, only, exporter, ...counts }) {
    const peers = peersOf(peer);
    const rounds = Number(counts.rounds ?? (quick ? 2 : 10));
    const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
    const onnxruntime = onnxRuntimeVersion();
    const rows = [];
    for (const python of peers) {
      const torch = torchOf(python);
      buildAgainst(torch);
      const conditions = {
        python,
        torch,
        exporter: exporter ?? peers[0] ?? python,
        rounds,
        threads,
        hasRuntime: onnxruntime !== null,
      };
      for (const setting of featureCases(quick)) {
        if ('features'.includes(only)) rows.push(...(await measureFeatures(setting, conditions)));
      }
      if ('head'.includes(only)) rows.push(...(await measureHead(quick, conditions)));
      if ('retrain'.includes(only)) rows.push(await measureRetraining(quick, conditions));
    }
    return { versions: { ...packageVersions(), onnxruntime }, threads, rounds, rows };
  },
});
