/** Lists the annotation tools whose files are read. */

import type { Importer } from './importer.js';

/** Lists the importers in the order of messages. Where several recognize a source, a person chooses. */
export const importers: readonly Importer[] = [];
