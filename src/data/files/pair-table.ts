/**
 * The files of a dataset, compactly: as objects and strings 600 000 of them would take hundreds of megabytes in every
 * thread. Names stand in one piece of memory that threads share; a path is its name between a beginning and an end, of
 * which a dataset has few.
 */

/** The files of one sample. */
export interface FilePair {
  readonly name: string;
  readonly image: string;
  /** null when the dataset is read without labels. */
  readonly labels: string | null;
}

/** What a table is made of: plain data that goes to other threads without being copied, and to a file. */
export interface PairTableContent {
  /** UTF-8, one after the other. */
  readonly names: Uint8Array;
  /** Where each name begins, and where the last one ends. */
  readonly offsets: Uint32Array;
  /** For each pair the patterns of its image and its labels; `none` for no labels. */
  readonly forms: Uint32Array;
  readonly patterns: readonly PathPattern[];
}

interface PathPattern {
  readonly before: string;
  /** null for a path that does not hold its name: `before` is all of it. */
  readonly after: string | null;
}

const none = 0xffffffff;

/** Pairs by index. */
export class PairTable {
  readonly content: PairTableContent;
  readonly #names: Buffer;

  constructor(content: PairTableContent) {
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
      forms[2 * index] = images.of(pair.image, pair.name);
      forms[2 * index + 1] = pair.labels === null ? none : labels.of(pair.labels, pair.name);
    }
    // Patterns of labels stand behind those of images.
    const count = images.all.length;
    for (let place = 1; place < forms.length; place += 2) {
      const form = forms[place] as number;
      if (form !== none) forms[place] = form + count;
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

  /** The name of pair `index`, as on `get`. */
  name(index: number): string {
    const { offsets } = this.content;
    return this.#names.toString('utf8', offsets[index], offsets[index + 1]);
  }

  /** Pair `index`, or undefined where there is none. */
  get(index: number): FilePair | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    const { forms } = this.content;
    const name = this.name(index);
    const labels = forms[2 * index + 1] as number;
    return {
      name,
      image: this.#path(name, forms[2 * index] as number),
      labels: labels === none ? null : this.#path(name, labels),
    };
  }

  /** Pairs start … end − 1, as far as there are any. */
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

/** Numbers patterns as they come; neighbors mostly share one. */
class Patterns {
  readonly all: PathPattern[] = [];
  readonly #places = new Map<string, number>();
  #last = -1;

  of(path: string, name: string): number {
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
