/** Defines the classes of a dataset: names, colors, and the label that stands for "not labeled". */

/** Labels the pixels that belong to no class; they take part in no loss and no metric. */
export const ignoreIndex = 255;

/** Holds red, green and blue, each between 0 and 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** Describes a class of a dataset; its label is its index in the list of classes. */
export interface DatasetClass {
  readonly name: string;
  readonly color: Color;
}

/** Holds the classes of a dataset folder, as its `classes.json` lists them. */
export interface ClassList {
  readonly classes: readonly DatasetClass[];
  /** Gives the value that means "not labeled" in label files; 255 always means that too. */
  readonly ignoredValue: number;
  /** Gives the index of the class that pixels without a label belong to; absent where they are ignored. */
  readonly unlabeledClass?: number;
  /** Gives the color that the file states for each class, undefined where it states none; absent without a file. */
  readonly statedColors?: readonly (Color | undefined)[];
}

/** Says why a list of one class is refused and what to write instead. */
export function oneClassProblem(classes: readonly Pick<DatasetClass, 'name'>[]): string {
  return (
    `'${classes[0]?.name}' is the only class, and nothing can be learned without a second one: list the background as a ` +
    'class, or set data.unlabeled: background (in classes.json "unlabeled": "background") if pixels without a label are that'
  );
}

/** Returns the label of pixels that a label file leaves without one: the class that the list gives them, or 255. */
export function unlabeledLabel({ unlabeledClass = ignoreIndex }: Pick<ClassList, 'unlabeledClass'>): number {
  return unlabeledClass;
}

/**
 * Returns `count` ≤ 255 different colors, none of them black, which stands for ignored pixels. They are the PASCAL VOC
 * color map from its second entry on: three bits of an entry's number go to the top bits of red, green and blue, the next
 * three to the bits below, and so on, so that neighbors differ strongly.
 */
export function defaultPalette(count: number): Color[] {
  return Array.from({ length: count }, (_, index) => {
    const color: [number, number, number] = [0, 0, 0];
    for (let bits = index + 1, place = 7; bits > 0; bits >>= 3, place--) {
      for (const channel of [0, 1, 2] as const) color[channel] |= ((bits >> channel) & 1) << place;
    }
    return color;
  });
}

/** Gives each class without a color the default color of its index, or the first default color that is still free. */
export function withColors(
  given: readonly { readonly name: string; readonly color?: Color | undefined }[],
): DatasetClass[] {
  const taken = new Set(given.flatMap(({ color }) => (color === undefined ? [] : [`${color}`])));
  // The longest possible palette always has a free color, however many colors are given.
  const palette = defaultPalette(255);
  const isFree = (color: Color) => !taken.has(`${color}`);
  return given.map(({ name, color }, index) => {
    if (color !== undefined) return { name, color };
    const chosen = [palette[index] as Color, ...palette].find(isFree) as Color;
    taken.add(`${chosen}`);
    return { name, color: chosen };
  });
}
