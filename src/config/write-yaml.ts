/** Writes a complete config as YAML, so that `coarsely train RUN/config.yaml` repeats a run. */

import { Document, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Config } from './schema.js';

/** Returns the YAML text of a config; lists of scalars such as `[240, 320]` stay on one line. */
export function configToYaml(config: Config): string {
  const document = new Document(config);
  visit(document, {
    Seq(_, sequence) {
      if (isSeq(sequence) && sequence.items.every(isScalar)) sequence.flow = true;
    },
  });
  return document.toString({ lineWidth: 110, flowCollectionPadding: false });
}

/** Returns the YAML text of a config with another `training.iterations`; every other key and comment stays. */
export function withIterations(configYaml: string, iterations: number): string {
  const document = parseDocument(configYaml);
  document.setIn(['training', 'iterations'], iterations);
  return document.toString({ lineWidth: 110, flowCollectionPadding: false });
}
