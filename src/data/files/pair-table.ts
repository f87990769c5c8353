/**
 * Holds the files of a dataset compactly. As objects and strings, 600 000 of them would take hundreds of megabytes in every
 * thread; here names are one block of memory that threads share, and a path is a name between a prefix and a suffix, of
 * which a dataset has few.
 */

/** Names the files of one sample. */
export interface FilePair {
  readonly name: string;
  readonly image: string;
  /** Is null when the dataset is read without labels. */
  readonly labels: string | null;
}

/** Holds the files of an opened dataset as plain data, which goes to other threads without being copied. */
export interface SharedFiles {
  /** Holds all names in UTF-8, one after the other. */
  readonly names: Uint8Array;
  /** Gives the start of each name in `names`, and the end of the last one. */
  readonly offsets: Uint32Array;
  /** Gives, for each sample, the index of the pattern of its image and of its labels; `noLabels` for none. */
  readonly forms: Uint32Array;
  readonly patterns: readonly {
    readonly before: string;
    /** Is null for a path that does not contain the name: `before` is then the whole path. */
    readonly after: string | null;
  }[];
}

type PathPattern = SharedFiles['patterns'][number];

const noLabels = 0xffffffff;

/** Gives the files of samples by index. */
export class PairTable {
  readonly content: SharedFiles;
  readonly #names: Buffer;

  constructor(content: SharedFiles) {
    this.content = content;
    this.#names = Buffer.from(content.names.buffer, content.names.byteOffset, content.names.byteLength);
  }

  static from(pairs: readonly FilePair[]): PairTable {
    const offsets = new Uint32Array(new SharedArrayBuffer(4 * (pairs.length + 1)));
    for (const [index, { name }] of pairs.entries()) {
      offsets[index + 1] = (offsets[index] as number) + Buffer.byteLength(name);
    }
    const names = Buffer.from(new SharedArrayBuffer(offsets[pairs.length] as number));
    const forms = new Uint32Array(new SharedArrayBuffer(8 * pairs.length));
    const [images, labels] = [new Patterns(), new Patterns()];
    for (const [index, pair] of pairs.entries()) {
      names.write(pair.name, offsets[index] as number);
      forms[2 * index] = images.indexOf(pair.image, pair.name);
      forms[2 * index + 1] = pair.labels === null ? noLabels : labels.indexOf(pair.labels, pair.name);
    }
    // Patterns of label files follow those of images.
    const count = images.all.length;
    for (let place = 1; place < forms.length; place += 2) {
      const form = forms[place] as number;
      if (form !== noLabels) forms[place] = form + count;
    }
    return new PairTable({
      names: new Uint8Array(names.buffer, names.byteOffset, names.byteLength),
      offsets,
      forms,
      patterns: [...images.all, ...labels.all],
    });
  }

  get length(): number {
    return this.content.offsets.length - 1;
  }

  /** Returns the name of sample `index`. */
  name(index: number): string {
    const { offsets } = this.content;
    return this.#names.toString('utf8', offsets[index], offsets[index + 1]);
  }

  /** Returns the files of sample `index`, or undefined when there is no such sample. */
  get(index: number): FilePair | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    const { forms } = this.content;
    const name = this.name(index);
    const labels = forms[2 * index + 1] as number;
    return {
      name,
      image: this.#path(name, forms[2 * index] as number),
      labels: labels === noLabels ? null : this.#path(name, labels),
    };
  }

  /** Returns the files of samples start … end − 1, as far as they exist. */
  slice(start: number, end: number): FilePair[] {
    const pairs: FilePair[] = [];
    for (let index = start; index < Math.min(end, this.length); index++)
      pairs.push(this.get(index) as FilePair);
    return pairs;
  }

  #path(name: string, form: number): string {
    const { before, after } = this.content.patterns[form] as PathPattern;
    return after === null ? before : `${before}${name}${after}`;
  }
}

/** Returns the files of an open dataset; null for one that names none. */
export function imagePairs(files: SharedFiles | undefined): PairTable | null {
  return files === undefined ? null : new PairTable(files);
}

/** Numbers the patterns of paths in order of appearance. */
class Patterns {
  readonly all: PathPattern[] = [];
  readonly #places = new Map<string, number>();
  #last = -1;

  /** Returns the index of the pattern of a path, and adds the pattern when it is new. */
  indexOf(path: string, name: string): number {
    // Neighbors mostly share a pattern.
    const last = this.all[this.#last];
    if (last !== undefined && last.after !== null && `${last.before}${name}${last.after}` === path) {
      return this.#last;
    }
    const at = path.lastIndexOf(name);
    const pattern =
      at < 0
        ? { before: path, after: null }
        : { before: path.slice(0, at), after: path.slice(at + name.length) };
    const key = `${pattern.before}\0${pattern.after ?? '\0'}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.all.push(pattern) - 1;
      this.#places.set(key, place);
    }
    this.#last = place;
    return place;
  }
}
