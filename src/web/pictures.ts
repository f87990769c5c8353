/** Gives the addresses of pictures that the server makes. */

/** Names an image, and the part and size of its picture. */
export interface PictureAddress {
  readonly split: string;
  readonly name: string;
  /** Is the part that is shown, in pixels of the image; by default all of it. */
  readonly crop?: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  /** Makes the picture at most this wide, in pixels. */
  readonly width?: number;
}

/** Returns the address of a picture of an image. */
export function imageAddress(address: PictureAddress): string {
  return `/api/pictures/image?${parametersOf(address)}`;
}

/** Returns the address of a picture of labels: in the colors of the classes, or with the class indices as gray values. */
export function labelsAddress({
  labels,
  form = 'colors',
  ...address
}: PictureAddress & {
  /** Names the folder of labels. */
  readonly labels: string;
  readonly form?: 'colors' | 'values';
}): string {
  return `/api/pictures/labels?${parametersOf(address)}&${new URLSearchParams({ labels, form })}`;
}

function parametersOf({ split, name, crop, width }: PictureAddress): URLSearchParams {
  return new URLSearchParams({
    split,
    name,
    ...(crop && { crop: [crop.left, crop.top, crop.width, crop.height].map(Math.round).join(',') }),
    ...(width !== undefined && { width: String(Math.round(width)) }),
  });
}
