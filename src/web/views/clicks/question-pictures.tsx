/** Shows the surroundings of the pixel that is asked about, with a cross on it, beside the whole image. */

import type { PictureAddress } from '../../pictures.js';
import { imageAddress } from '../../pictures.js';
import type { ShownClicks } from './clicks-status.js';

/** Configures `QuestionPictures`. */
export interface QuestionPicturesOptions {
  readonly question: ShownClicks['questions'][number];
  readonly split: string;
  /** Lays the prediction of this training over the image; null shows the image alone. */
  readonly generation: number | null;
}

/** Counts the pixels across the part that is shown large, and limits it to this share of the shorter side. */
const largestPart = 160;
const largestShare = 0.5;

/** Shows both pictures. */
export function QuestionPictures({ question, split, generation }: QuestionPicturesOptions) {
  const { image: name, x, y, width, height, reason } = question;
  const side = Math.max(1, Math.min(largestPart, Math.round(largestShare * Math.min(width, height))));
  const left = Math.min(width - side, Math.max(0, x - Math.floor(side / 2)));
  const top = Math.min(height - side, Math.max(0, y - Math.floor(side / 2)));
  const prediction =
    generation === null
      ? null
      : `/api/clicks/prediction?${new URLSearchParams({ image: name, generation: String(generation) })}`;
  const place = (whole: number, from: number, at: number) => `${(100 * (at + 0.5 - from)) / whole}%`;
  const crop: PictureAddress['crop'] = { left, top, width: side, height: side };
  return (
    <section class="clicks-pictures" aria-label="Question">
      <figure>
        <div class="clicks-picture" style={{ aspectRatio: '1' }}>
          <img
            src={imageAddress({ split, name, crop })}
            alt={`surroundings of the pixel ${x}, ${y} of ${name}`}
          />
          <i class="clicks-cross" style={{ left: place(side, left, x), top: place(side, top, y) }} />
        </div>
        <figcaption>Which class has the pixel under the cross? ({reason})</figcaption>
      </figure>
      <figure>
        <div class="clicks-picture" style={{ aspectRatio: `${width} / ${height}` }}>
          <img src={imageAddress({ split, name, width: 960 })} alt={`all of ${name}`} />
          {prediction !== null && <img key={prediction} class="clicks-overlay" src={prediction} alt="" />}
          <i class="clicks-cross" style={{ left: place(width, 0, x), top: place(height, 0, y) }} />
        </div>
        <figcaption>{name}</figcaption>
      </figure>
    </section>
  );
}
