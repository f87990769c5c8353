/** Describes the size of an experiment's runs by their configs, because options may have changed what the scale says. */

import type { Config } from '../config/index.js';
import { reweighterSections } from '../config/internal.js';
import type { Job } from './job.js';

/** Returns lines about steps, rates, sizes and backbones; where runs differ, every value is named. */
export function sizeNotes(jobs: readonly Job[]): string[] {
  const configs = jobs.map(({ config }) => config);
  if (configs.length === 0) return [];
  return [
    ...trainingNotes(configs),
    `Backbones: ${[...new Set(configs.map(backboneText))].join(', ')}.`,
    ...rateNotes(configs),
  ];
}

function trainingNotes(configs: readonly Config[]): string[] {
  const values = (value: (config: Config) => string) => [...new Set(configs.map(value))].join(' or ');
  if (configs.every(({ quick }) => quick !== null)) {
    return [
      `${values(({ training }) => grouped(training.iterations))} steps of ` +
        `${values(({ quick }) => grouped(quick?.pixels ?? 0))} pixels, ` +
        `${values(({ optimizer }) => optimizer.kind)} at learning rate ${values(({ optimizer }) => String(optimizer.learningRate))}; ` +
        `features at ${values(({ quick }) => quick?.scales.join(', ') ?? '')} times the size of the images.`,
    ];
  }
  return [
    `${values(({ training }) => grouped(training.iterations))} steps of batch ${values(({ training }) => String(training.batchSize))}, ` +
      `learning rate ${values(({ optimizer }) => String(optimizer.learningRate))}; images of ` +
      `${values(({ data }) => data.augmentation.baseSize?.join('×') ?? 'their own size')}, crops of ` +
      `${values(({ data }) => data.augmentation.cropSize.toReversed().join('×'))}.`,
  ];
}

function backboneText({ model: { backbone } }: Config): string {
  const { kind, weights } = backbone;
  return `${kind} from ${typeof weights === 'string' ? weights : 'random values'}`;
}

function rateNotes(configs: readonly Config[]): string[] {
  const factors = configs.flatMap(reweighterSections).flatMap(({ learningRateScale: factor }) => {
    return typeof factor === 'number' ? [factor] : [];
  });
  if (factors.length === 0) return [];
  const factor = [...new Set(factors)].join(' or ');
  return [`ARM's learning rate is ${factor} times the network's (learningRateScale); the paper's is 1.`];
}

/** Returns a count with grouped digits: `40 000`. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u00a0');
}
