/**
 * Predicts the duration of a step on n GPUs: the compute of one GPU, and the part of the gradients' all-reduce that
 * backward does not hide.
 *
 *   all-reduce of one bucket of b bytes:  t(b) = min(ring, tree)
 *     ring = 2 (n − 1) α + 2 (n − 1)/n · b / β,   tree = 2 log₂(n) α + 2 b / β
 *   all buckets one after the other:      T    = Σ t(b)
 *   hidden: a bucket starts when its gradients are computed, so all but the last can travel while backward goes on:
 *   exposed = max(t(last), T − S · (1 − 1/k)), with k buckets and S seconds of backward
 *   efficiency = C / (C + exposed), with C seconds of compute
 *
 * α is the latency of one hop, β the bandwidth in one direction of the narrowest passage that all rings share: inside a
 * machine a GPU's NVLink, between machines all network ports of a machine, each of which serves rings of its own.
 */

/** Describes a link by its maker's data sheet, in one direction; the latency is an assumption. */
interface Link {
  readonly bytesPerSecond: number;
  readonly latencySeconds: number;
  readonly source: string;
}

const links = {
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
} satisfies Record<string, Link>;

/** Peak of dense bfloat16 products by the data sheets, in floating-point operations a second. */
const processors = {
  'H100 SXM': { operationsPerSecond: 989e12, source: 'NVIDIA H100 data sheet, bfloat16 without sparsity' },
  'A100 SXM': { operationsPerSecond: 312e12, source: 'NVIDIA A100 data sheet, bfloat16 without sparsity' },
};

/** The networks and machines of the table: 8 GPUs of one machine, and 64 of eight. */
const settings = [
  { ranks: 8, processor: 'H100 SXM', link: 'H100, NVLink 4 and NVSwitch' },
  { ranks: 8, processor: 'A100 SXM', link: 'A100, NVLink 3 and NVSwitch' },
  { ranks: 64, processor: 'H100 SXM', link: 'InfiniBand NDR, 8 ports a machine' },
  { ranks: 64, processor: 'H100 SXM', link: 'Ethernet, 100 Gb/s a machine' },
] as const;

/** The share of a processor's peak that convolutional networks in mixed precision commonly reach. An assumption. */
export const utilization = 0.3;

/** The share of a step's compute that backward takes: twice the forward's products. */
const backwardShare = 2 / 3;

interface Network {
  readonly ranks: number;
  readonly link: Link;
}

/** Returns the seconds of one bucket's all-reduce, by a ring or a tree, whichever is faster. */
function allReduceSeconds(bytes: number, { ranks, link }: Network): number {
  const { latencySeconds, bytesPerSecond } = link;
  const hops = 2 * (ranks - 1);
  const ring = hops * latencySeconds + ((hops / ranks) * bytes) / bytesPerSecond;
  const tree = 2 * Math.log2(ranks) * latencySeconds + (2 * bytes) / bytesPerSecond;
  return Math.min(ring, tree);
}

interface Gradients {
  readonly gradientBytes: number;
  readonly bucketBytes: number;
}

/** Returns the seconds of the whole all-reduce, the part of it that delays the step, and the efficiency. */
function predict(compute: number, { gradientBytes, bucketBytes, ...network }: Gradients & Network) {
  const buckets = Math.max(1, Math.ceil(gradientBytes / bucketBytes));
  const last = gradientBytes - (buckets - 1) * bucketBytes;
  const tail = allReduceSeconds(last, network);
  const whole = (buckets - 1) * allReduceSeconds(bucketBytes, network) + tail;
  const hidden = compute * backwardShare * (1 - 1 / buckets);
  const exposed = Math.max(tail, whole - hidden);
  return { whole, exposed, efficiency: compute / (compute + exposed) };
}

/** Returns the prediction for one network on each set of machines, given the operations of a step on one GPU. */
export function createPredictionTable(operations: number, gradients: Gradients) {
  return settings.map(({ ranks, processor, link }) => {
    const compute = operations / (processors[processor].operationsPerSecond * utilization);
    const { whole, exposed, efficiency } = predict(compute, { ...gradients, ranks, link: links[link] });
    const milliseconds = (seconds: number) => Math.round(seconds * 1e5) / 100;
    return {
      ranks,
      processor,
      link,
      computeMilliseconds: milliseconds(compute),
      allReduceMilliseconds: milliseconds(whole),
      exposedMilliseconds: milliseconds(exposed),
      efficiency: Math.round(efficiency * 1000) / 1000,
    };
  });
}
