// The networks and crops of the bench, and what of them a command line asks for.

const r18 = { network: 'resnet18', depth: 18, outputStride: 16, classCount: 19 };
const r50 = { network: 'resnet50', depth: 50, outputStride: 16, classCount: 19 };
const networks = [
  { ...r18, batchSize: 4, height: 256, width: 512 },
  { ...r50, batchSize: 2, height: 256, width: 512 },
  { ...r50, outputStride: 8, batchSize: 1, height: 512, width: 1024 },
  { ...r18, batchSize: 2, height: 512, width: 512, classCount: 150 },
];

/** What a row is called: `resnet18 os 16, 4×3×256×512, 19 classes, float32`. */
export const nameOf = ({ network, outputStride, batchSize, height, width, classCount, precision }) =>
  `${network} os ${outputStride}, ${batchSize}×3×${height}×${width}, ${classCount} classes, ${precision}`;

/** All cases, or those whose names hold every word of one of `wanted` (`resnet50 bfloat16`); small ones when quick. */
export function casesOf({ wanted, quick, threads }) {
  const words = wanted.map((each) => each.split(/\s+/).filter(Boolean));
  return networks
    .flatMap((network) => ['float32', 'bfloat16'].map((precision) => ({ ...network, precision, threads })))
    .filter(
      (each) => words.length === 0 || words.some((all) => all.every((word) => nameOf(each).includes(word))),
    )
    .map((each) => (quick ? { ...each, height: 64, width: 64 } : each));
}
