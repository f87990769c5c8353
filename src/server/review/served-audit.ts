/** Opens the audit of a workspace, again after its files have changed, and says whether it fits the dataset. */

import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Audit } from '../../audit/index.js';
import { DataError } from '../../errors/index.js';
import { parseJson } from '../../files/index.js';
import type { ServerContext } from '../context.js';
import { fingerprintOf, RegionIndex } from './region-index.js';

/** Holds an audit with the places of its regions. */
export interface OpenedAudit {
  readonly summary: Audit;
  readonly index: RegionIndex;
}

const summarySchema = z.looseObject({
  version: z.literal(1),
  root: z.string(),
  split: z.string(),
  labels: z.string(),
  classes: z.array(z.looseObject({ name: z.string() })),
  suspectedPixels: z.number(),
  swaps: z.array(z.array(z.number())),
  coverage: z.array(z.looseObject({ regions: z.number(), pixels: z.number(), share: z.number() })),
});

/** Holds the audit that the page reviews. */
export class ServedAudit {
  readonly #context: Pick<ServerContext, 'workspace' | 'dataset'>;
  #opened: { readonly fingerprint: string; readonly audit: Promise<OpenedAudit> } | null = null;

  constructor(context: Pick<ServerContext, 'workspace' | 'dataset'>) {
    this.#context = context;
  }

  /**
   * Returns the audit; null where there is none yet.
   *
   * @throws {DataError} when its files cannot be used
   */
  async open(): Promise<OpenedAudit | null> {
    const { audit: folder } = this.#context.workspace;
    if (folder === null) return null;
    const [summary, regions] = [join(folder, 'audit.json'), join(folder, 'regions.jsonl')];
    if (!existsSync(summary) || !existsSync(regions)) return null;
    const fingerprint = `${await fingerprintOf(summary)}, ${await fingerprintOf(regions)}`;
    if (this.#opened?.fingerprint !== fingerprint) {
      const audit = readAudit(summary, regions);
      this.#opened = { fingerprint, audit };
      audit.catch(() => {
        this.#opened = null;
      });
    }
    return this.#opened.audit;
  }

  /** Says in a sentence why an audit does not fit the dataset; null where it does. */
  async misfit({ summary }: OpenedAudit): Promise<string | null> {
    const dataset = await this.#context.dataset();
    const { labels, split } = this.#context.workspace;
    if ((await real(summary.root)) !== (await real(dataset.root))) {
      return `the audit is about another dataset: ${summary.root}`;
    }
    if (summary.split !== split || summary.labels !== labels) {
      return `the audit is about the labels ${summary.labels} of ${summary.split}, and this page about ${labels} of ${split}`;
    }
    const [before, now] = [summary.classes, dataset.classes].map((list) =>
      list.map(({ name }) => name).join(', '),
    );
    if (before !== now)
      return `the dataset has other classes than when it was audited: ${now}, not ${before}`;
    return null;
  }
}

async function readAudit(file: string, regions: string): Promise<OpenedAudit> {
  const parsed = summarySchema.safeParse(parseJson(await readFile(file)));
  if (!parsed.success) {
    throw new DataError(`${file}: is no audit of this version; run coarsely audit again into a new folder`);
  }
  return { summary: parsed.data as unknown as Audit, index: await RegionIndex.read(regions) };
}

function real(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
