/**
 * Finds what stands before the names of a network in a file: wrappers (`state_dict.`, `model_state.`, `ema_model.`),
 * DataParallel's `module.`, or the part of a larger network that is wanted (`backbone.`, `encoder.`), in any order and
 * nested. What fits the expected names best wins, so that no list of wrappers has to be complete.
 */

/** Holds the result of `findPrefix`. */
export interface FoundPrefix {
  /** Holds the text before the names, up to and with a dot; empty when there is none. */
  readonly prefix: string;
  /** Says how well the names after it fit; 0 when nothing fits. */
  readonly score: number;
  /** Lists other prefixes under which the file holds just as much: a moving average, a teacher. */
  readonly alternatives: readonly string[];
}

const copyOfWeights = /(^|[._])(ema|average|averaged|avg|swa|shadow|teacher|momentum|target)([._]|$)/i;

/**
 * Returns the prefix after which names score the most together. Of equals, the one that names no copy of the weights
 * (`ema_model.`, `teacher.`) is taken, then the shorter, then the first in the file.
 *
 * @param scoreOf returns how well `name`, what remains of `nameInFile`, fits: 0 when it is not expected
 */
export function findPrefix(
  namesInFile: Iterable<string>,
  scoreOf: (name: string, nameInFile: string) => number,
): FoundPrefix {
  const scores = new Map<string, number>();
  for (const nameInFile of namesInFile) {
    for (let start = 0; start >= 0 && start < nameInFile.length; ) {
      const score = scoreOf(nameInFile.slice(start), nameInFile);
      if (score > 0) {
        const prefix = nameInFile.slice(0, start);
        scores.set(prefix, (scores.get(prefix) ?? 0) + score);
      }
      const dot = nameInFile.indexOf('.', start);
      start = dot < 0 ? -1 : dot + 1;
    }
  }
  const best = Math.max(0, ...scores.values());
  const [prefix = '', ...alternatives] = [...scores.keys()]
    .filter((one) => scores.get(one) === best)
    .sort((a, b) => Number(copyOfWeights.test(a)) - Number(copyOfWeights.test(b)) || a.length - b.length);
  return { prefix, score: best, alternatives };
}

/** Returns the names that begin with `prefix`, without it, by the names in the file. */
export function namesAfter(namesInFile: Iterable<string>, prefix: string): Map<string, string> {
  return new Map(
    [...namesInFile]
      .filter((name) => name.startsWith(prefix))
      .map((name) => [name, name.slice(prefix.length)] as const),
  );
}
