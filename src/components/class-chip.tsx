/** Names a class beside a patch of its color. */

/** Holds the name and the color of a class, as red, green and blue from 0 to 255. */
export interface ShownClass {
  readonly name: string;
  readonly color: readonly [number, number, number];
}

/** Shows the name of a class beside its color. */
export function ClassChip({ name, color }: ShownClass) {
  return (
    <span class="class-chip">
      <i style={{ background: `rgb(${color.join(' ')})` }} aria-hidden="true" />
      {name}
    </span>
  );
}
