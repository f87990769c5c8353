/**
 * Says in terms of a weights file why it does not fit a backbone: what the file holds, what was expected, and what to
 * write instead.
 */

import { CheckpointError } from '../../errors/index.js';
import { findPrefix, namesAfter } from './find-prefix.js';
import { listDifference, type MatchedTensors, wrongShapeError } from './match-tensors.js';
import type { WeightsFile } from './read-weights.js';
import { backboneOf, classesOfNetwork } from './recognize-network.js';
import type { PublishedShapes, RecognizedBackbone } from './recognized-backbone.js';

/** Configures `misfitError`. */
export interface Misfit {
  readonly path: string;
  readonly file: Pick<WeightsFile, 'shapes' | 'prefix' | 'fits'>;
  /** Shapes of the backbone's tensors by their published names. */
  readonly expected: PublishedShapes;
  readonly match: Pick<MatchedTensors, 'found' | 'missing' | 'wrongShapes'>;
  readonly unexpected: readonly string[];
}

/** Returns the error for a file that lacks tensors of a backbone or holds them in another shape. */
export function misfitError({ path, file, expected, match, unexpected }: Misfit): CheckpointError {
  const own = backboneOf(expected);
  const held = backboneInside(file.shapes);
  const whole = wholeNetwork(file.shapes);
  const wanted = own === null ? 'this backbone' : own.text;
  if (held !== null && own !== null && held.text !== own.text) {
    const remedy =
      held.section === null
        ? `which is none of the backbones here; give weights of ${wanted}`
        : `but the backbone is ${wanted}; write model.backbone: ${sectionText(held.section)}, or give other weights`;
    return new CheckpointError(`${path}: holds ${held.text}${whole}, ${remedy}`);
  }
  if (!file.fits) {
    const names = [...file.shapes.keys()].slice(0, 3).join(', ');
    return new CheckpointError(
      `${path}: holds no tensor of ${wanted}${whole}: its names are ${names}, …; ` +
        `expected names such as ${[...expected.keys()][0]}`,
    );
  }
  if (match.missing.length === 0) return wrongShapeError(match.wrongShapes, { path, prefix: file.prefix });
  const under = file.prefix === '' ? '' : ` under '${file.prefix}'`;
  return new CheckpointError(
    `${path}: holds ${match.found.size} of the ${expected.size} tensors of ${wanted}${under}${whole}: ` +
      listDifference(match.missing, unexpected),
  );
}

/** Returns the backbone somewhere in a file; null when there is none that is known. */
function backboneInside(shapes: PublishedShapes): RecognizedBackbone | null {
  const { prefix, score } = findPrefix(shapes.keys(), (name) =>
    /^(layer[1-7]|features)\.\d+\./.test(name) ? 1 : 0,
  );
  if (score === 0) return null;
  const names = namesAfter(shapes.keys(), prefix);
  return backboneOf(new Map([...names].map(([nameInFile, name]) => [name, shapes.get(nameInFile) ?? []])));
}

function wholeNetwork(shapes: PublishedShapes): string {
  const classCount = classesOfNetwork(shapes);
  if (classCount === null) return '';
  return ` (a whole segmentation network with ${classCount} classes, which model.weights starts from)`;
}

function sectionText(section: Readonly<Record<string, unknown>>): string {
  const isResNet = String(section.kind).startsWith('resnet');
  const shown = Object.entries(isResNet ? { ...section, stem: section.stem ?? 'deep' } : section);
  return `{ ${shown.map(([key, value]) => `${key}: ${String(value)}`).join(', ')} }`;
}
