/** Inspects any kind of dataset through its public interface: by its own check, and by reading samples. */

import { checkDataset, ignoreIndex, openDataset, type SegmentationDataset } from '../data/index.js';
import { DataError } from '../errors/index.js';
import { counted } from '../format/index.js';
import type { Finding, LabeledPart } from './dataset-inspection.js';
import { splitOptions } from './reading-options.js';
import type {
  DecodedLabels,
  FileProblem,
  InspectionSource,
  SampleInspection,
  SourceSplit,
  SplitLabels,
} from './source.js';

const shownLines = 5;

interface SourcePart extends LabeledPart {
  /** Is null when the part cannot be opened; findings then say why. */
  readonly dataset: SegmentationDataset | null;
  readonly indexByName: ReadonlyMap<string, number>;
  /** Holds the lines that the check of the dataset kind has already reported. */
  readonly reported: ReadonlySet<string>;
}

/** Opens every part of a dataset of this kind. A part that cannot be opened becomes a finding. */
export async function openDatasetSource(
  {
    kind,
    root,
    options = {},
  }: {
    readonly kind: string;
    readonly root: string;
    /** Holds options of the kind beside split and labels. */
    readonly options?: Readonly<Record<string, unknown>>;
  },
  parts: readonly LabeledPart[],
): Promise<InspectionSource> {
  const { kindOptions, section: images } = splitOptions(options);
  const findings: Finding[] = [];
  const notes: string[] = [];
  const opened: SourcePart[] = [];
  for (const part of parts) {
    const section = { kind, root, ...kindOptions, ...part, ...images };
    const { problems, skipped = [], notes: found = [] } = await checkDataset(section);
    if (problems.length > 0) findings.push(rejectedFinding(part, { lines: problems, root }));
    notes.push(...shortLines({ lines: found, root }));
    if (skipped.length > 0) notes.push(skippedNote(part, { lines: skipped, root }));
    const dataset = await openDataset(section).catch((error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      return null;
    });
    const names = Array.from({ length: dataset?.length ?? 0 }, (_, index) => dataset?.name(index) ?? '');
    const reported = new Set(problems);
    opened.push({
      ...part,
      dataset,
      reported,
      indexByName: new Map(names.map((name, index) => [name, index])),
    });
  }
  const splitNames = [...new Set(parts.map(({ split }) => split))];
  const classes = opened.find(({ dataset }) => dataset !== null)?.dataset?.classes;
  return {
    root,
    kind,
    classList: classes === undefined ? null : { classes, ignoredValue: ignoreIndex },
    splits: splitNames.map(
      (name) =>
        new DatasetSplit(
          name,
          opened.filter(({ split }) => split === name),
        ),
    ),
    labelSets: [...new Set(parts.map(({ labels }) => labels))],
    options: new Map(parts.map(({ labels }) => [labels, options])),
    findings,
    notes,
    check: async () => [],
    palettes: async () => [],
  };
}

interface ReportedLines {
  readonly lines: readonly string[];
  readonly root: string;
}

function rejectedFinding(part: LabeledPart, { lines, root }: ReportedLines): Finding {
  return {
    code: 'refused',
    ...part,
    message: `${counted(lines.length, 'problem')} would stop training`,
    remedy: 'each line says what was expected',
    count: lines.length,
    examples: shortLines({ lines, root }),
  };
}

function skippedNote({ split, labels }: LabeledPart, { lines, root }: ReportedLines): string {
  const files = `${counted(lines.length, 'sample is', 'samples are')} left out`;
  return `${labels}/${split}: ${files}, the rest is used: ${shortLines({ lines, root }).join('; ')}`;
}

function shortLines({ lines, root }: ReportedLines): string[] {
  return lines.slice(0, shownLines).map((line) => line.replaceAll(`${root}/`, ''));
}

class DatasetSplit implements SourceSplit {
  readonly name: string;
  readonly images: readonly string[];
  readonly #parts: readonly SourcePart[];

  constructor(name: string, parts: readonly SourcePart[]) {
    this.name = name;
    this.#parts = parts;
    this.images = [...new Set(parts.flatMap(({ indexByName }) => [...indexByName.keys()]))].sort();
  }

  get labels(): ReadonlyMap<string, SplitLabels> {
    return new Map(
      this.#parts.map(({ labels, indexByName }) => [
        labels,
        { files: indexByName.size, samples: new Set(indexByName.keys()) },
      ]),
    );
  }

  /** Decodes a sample with `decode`; otherwise does nothing, as the dataset kind's own check has read all headers. */
  async inspect(name: string, { decode }: { readonly decode: boolean }): Promise<SampleInspection> {
    const problems: FileProblem[] = [];
    const decoded = new Map<string, DecodedLabels>();
    let imageSize: SampleInspection['imageSize'] = null;
    for (const { labels: set, dataset, indexByName, reported } of decode ? this.#parts : []) {
      const index = indexByName.get(name);
      if (index === undefined || dataset === null) continue;
      const sample = await dataset.read(index).catch((error: unknown) => {
        if (!(error instanceof DataError)) throw error;
        if (!reported.has(error.message)) {
          problems.push({ code: 'refused', labels: set, path: error.message, reason: '' });
        }
        return null;
      });
      if (sample === null) continue;
      imageSize = { width: sample.width, height: sample.height };
      if (sample.labels === null) continue;
      const stored = { samples: sample.labels, channels: 1, inColor: false, palette: null };
      decoded.set(set, { ...stored, size: imageSize, path: name, form: 'PNG' });
    }
    // The dataset's own check counts the images that are turned.
    return { imageSize, image: null, turned: false, labels: decoded, problems };
  }
}
