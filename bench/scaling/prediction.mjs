// What a step would take on n GPUs, on paper: the compute of one GPU, and the part of the gradients' all-reduce that
// backward does not hide.
//
//   all-reduce of one bucket of b bytes:  t(b) = min(ring, tree)
//     ring = 2 (n − 1) α + 2 (n − 1)/n · b / β,   tree = 2 log₂(n) α + 2 b / β
//   all buckets one after the other:      T    = Σ t(b)
//   hidden: a bucket starts when its gradients are there, so all but the last can travel while backward goes on:
//   exposed = max(t(last), T − S · (1 − 1/k)), with k buckets and S seconds of backward
//   efficiency = C / (C + exposed), with C seconds of compute
//
// α is the latency of one hop, β the bandwidth of the narrowest passage that all rings together have, in one direction:
// inside a machine a GPU's NVLink, between machines all network ports of a machine, each of which serves rings of its own.

/** Links by their makers' data sheets, one direction, in bytes a second; the latencies are assumptions. */
export const links = {
  'H100, NVLink 4 and NVSwitch': {
    bytesPerSecond: 450e9,
    latencySeconds: 3e-6,
    source: 'NVIDIA H100 data sheet: NVLink 900 GB/s, both directions together',
  },
  'A100, NVLink 3 and NVSwitch': {
    bytesPerSecond: 300e9,
    latencySeconds: 3e-6,
    source: 'NVIDIA A100 data sheet: NVLink 600 GB/s, both directions together',
  },
  'InfiniBand NDR, 8 ports a machine': {
    bytesPerSecond: 8 * 50e9,
    latencySeconds: 5e-6,
    source: 'NVIDIA ConnectX-7 data sheet: 400 Gb/s a port',
  },
  'Ethernet, 100 Gb/s a machine': {
    bytesPerSecond: 100e9 / 8,
    latencySeconds: 20e-6,
    source: '100GBASE: 100 Gb/s a port',
  },
};

/** Peak of dense bfloat16 products by the data sheets, in floating-point operations a second. */
export const processors = {
  'H100 SXM': { operationsPerSecond: 989e12, source: 'NVIDIA H100 data sheet, bfloat16 without sparsity' },
  'A100 SXM': { operationsPerSecond: 312e12, source: 'NVIDIA A100 data sheet, bfloat16 without sparsity' },
};

/** Of a processor's peak, what convolutional networks in mixed precision commonly reach. An assumption. */
export const utilisation = 0.3;

/** Of a step's compute, what backward takes: twice the forward's products. */
const backwardShare = 2 / 3;

/** Seconds of one bucket's all-reduce, by a ring or a tree, whichever is faster. */
export function allReduceSeconds(bytes, { ranks, link }) {
  const { latencySeconds, bytesPerSecond } = link;
  const hops = 2 * (ranks - 1);
  const ring = hops * latencySeconds + ((hops / ranks) * bytes) / bytesPerSecond;
  const tree = 2 * Math.log2(ranks) * latencySeconds + (2 * bytes) / bytesPerSecond;
  return Math.min(ring, tree);
}

/**
 * @param compute seconds of a step on one GPU without any communication
 * @returns seconds of the all-reduce in all, of the part that is waited for, and the efficiency
 */
export function predict({ compute, gradientBytes, bucketBytes, ranks, link }) {
  const buckets = Math.max(1, Math.ceil(gradientBytes / bucketBytes));
  const last = gradientBytes - (buckets - 1) * bucketBytes;
  const tail = allReduceSeconds(last, { ranks, link });
  const whole = (buckets - 1) * allReduceSeconds(bucketBytes, { ranks, link }) + tail;
  const hidden = compute * backwardShare * (1 - 1 / buckets);
  const exposed = Math.max(tail, whole - hidden);
  return { allReduceSeconds: whole, exposedSeconds: exposed, efficiency: compute / (compute + exposed) };
}

/** The table of the guide: one network on 8 GPUs of one machine, and on 64 of eight. */
export function predictionTable({ operations, gradientBytes, bucketBytes }) {
  const settings = [
    { ranks: 8, processor: 'H100 SXM', link: 'H100, NVLink 4 and NVSwitch' },
    { ranks: 8, processor: 'A100 SXM', link: 'A100, NVLink 3 and NVSwitch' },
    { ranks: 64, processor: 'H100 SXM', link: 'InfiniBand NDR, 8 ports a machine' },
    { ranks: 64, processor: 'H100 SXM', link: 'Ethernet, 100 Gb/s a machine' },
  ];
  return settings.map(({ ranks, processor, link }) => {
    const compute = operations / (processors[processor].operationsPerSecond * utilisation);
    const { allReduceSeconds, exposedSeconds, efficiency } = predict({
      compute,
      gradientBytes,
      bucketBytes,
      ranks,
      link: links[link],
    });
    const milliseconds = (seconds) => Math.round(seconds * 1e5) / 100;
    return {
      ranks,
      processor,
      link,
      computeMilliseconds: milliseconds(compute),
      allReduceMilliseconds: milliseconds(allReduceSeconds),
      exposedMilliseconds: milliseconds(exposedSeconds),
      efficiency: Math.round(efficiency * 1000) / 1000,
    };
  });
}
