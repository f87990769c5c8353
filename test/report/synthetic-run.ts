/** Small data sets and run folders as a training would leave them, with numbers that a test can look for. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigInput, configSchema, configToYaml } from 'coarsely/config';
import { encodeLabelPng } from 'coarsely/data';
import { createSegmentor } from 'coarsely/models';
import { Arm } from 'coarsely/reweighting';
import { Generator, scope, type Tensor } from 'coarsely/torch';
import { encode } from 'fast-png';
import { environmentState } from '#runs/run-state.js';
import { RunWriter } from '#runs/run-writer.js';

export const size = { width: 48, height: 40 };
export const hostileName = '<script>alert("class")</script>';
const classes = [
  { name: 'road', color: [128, 64, 128] },
  { name: hostileName, color: [0, 128, 192] },
  { name: 'sky', color: [70, 130, 180] },
];

/** Stripes of three classes; the coarse labels leave every other row out. */
export async function writeDataset(root: string): Promise<void> {
  for (const folder of ['images', 'coarse', 'fine']) {
    for (const split of ['train', 'val']) await mkdir(join(root, folder, split), { recursive: true });
  }
  await writeFile(join(root, 'classes.json'), JSON.stringify({ classes }));
  const fine = Uint8Array.from({ length: size.width * size.height }, (_, pixel) =>
    Math.floor(((pixel % size.width) * 3) / size.width),
  );
  const coarse = fine.map((id, pixel) => (Math.floor(pixel / size.width) % 2 === 0 ? id : 255));
  for (const split of ['train', 'val']) {
    for (const [index, name] of ['one', 'two', 'three'].entries()) {
      const image = Uint8Array.from([...fine].flatMap((id) => [id * 90, index * 40, 60]));
      await writeFile(
        join(root, 'images', split, `${name}.png`),
        encode({ ...size, channels: 3, data: image }),
      );
      await writeFile(join(root, 'fine', split, `${name}.png`), encodeLabelPng(fine, size));
      await writeFile(join(root, 'coarse', split, `${name}.png`), encodeLabelPng(coarse, size));
    }
  }
}

export interface SyntheticRun {
  readonly name: string;
  readonly root: string;
  /** Of its dataset. */
  readonly kind?: string;
  readonly reweighter?: ConfigInput['reweighter'];
  /** mIoU of the two evaluations. */
  readonly scores?: readonly [number, number];
  readonly checkpoint?: boolean;
  /** A quick run, which writes a line of times at each evaluation, as many starts as this lists. */
  readonly quickStarts?: readonly {
    readonly features: number;
    readonly steps: number;
    readonly evaluation: number;
  }[][];
}

export function writeRun(
  folder: string,
  {
    name,
    root,
    kind = 'folder',
    reweighter = null,
    scores = [0.2511, 0.3522],
    checkpoint = true,
    quickStarts,
  }: SyntheticRun,
): void {
  const config = configSchema.parse({
    name,
    precision: 'float32',
    data: { kind, root, train: { labels: 'coarse' }, evaluation: { labels: 'fine' } },
    ...(quickStarts === undefined
      ? { model: { head: { kind: 'deeplabv3plus', channels: 16 }, auxiliary: null } }
      : { model: quickModel, quick: { flip: true } }),
    reweighter,
    training: { iterations: 100 },
  });
  using writer = RunWriter.create(folder, { configYaml: configToYaml(config) });
  const confidence = [-1, 0, 1];
  for (let step = 10; step <= 100; step += 10) {
    writer.append({
      step,
      split: 'train',
      values: { loss: 3 / step, mainLoss: 2 / step, learningRate: 0.02 },
    });
    if (step % 50 !== 0) continue;
    const mIoU = scores[step / 50 - 1] as number;
    writer.append({
      step,
      split: 'val',
      values: {
        aAcc: 0.7777,
        mAcc: 0.6666,
        mIoU,
        perClass: classes.map((one, id) => ({ name: one.name, iou: id === 2 ? null : mIoU, accuracy: 0.5 })),
      },
    });
    if (reweighter) {
      writer.append({
        step,
        split: 'weights',
        values: { confidence, weight: [0.5, 0.5, 0.5 - step / 1000] },
      });
    }
  }
  for (const values of quickStarts?.flat() ?? []) writer.append({ step: 100, split: 'timing', values });
  if (checkpoint) writeCheckpoint(writer, config.model, reweighter !== null);
}

const quickModel = {
  backbone: { kind: 'mobilenet_v2', frozen: true, outputStride: 16 },
  head: { kind: 'hypercolumn', hidden: [8] },
  auxiliary: null,
};

function writeCheckpoint(
  writer: RunWriter,
  model: Parameters<typeof createSegmentor>[0],
  reweighted: boolean,
): void {
  using _tensors = scope();
  using generator = new Generator(1);
  const tensors = new Map<string, Tensor>();
  const segmentor = createSegmentor(model, { classCount: classes.length, generator });
  for (const [name, tensor] of segmentor.stateDict()) tensors.set(`model.${name}`, tensor);
  const arm = reweighted ? new Arm({ generator }) : null;
  for (const [name, tensor] of arm?.stateDict() ?? []) tensors.set(`reweighter.${name}`, tensor);
  writer.writeCheckpoint({
    step: 100,
    tensors,
    state: { classes, ...environmentState({ Machine: 'two cores' }) },
  });
  segmentor.dispose();
  arm?.dispose();
}
