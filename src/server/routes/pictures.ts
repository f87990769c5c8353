/** Serves pictures of images and labels: whole, small or a part. */

import { Hono } from 'hono';
import { z } from 'zod';
import type { ServerContext } from '../context.js';
import { NotFoundError } from '../errors/server-error.js';
import { validated } from '../errors/validated.js';
import { answerPicture } from '../pictures/answer-picture.js';
import { pictureQuery } from '../pictures/crop.js';
import { imagePicture } from '../pictures/image-picture.js';
import { labelPicture } from '../pictures/label-picture.js';
import { fileState } from '../pictures/picture-cache.js';

const labelQuery = pictureQuery.extend({
  labels: z.string().min(1),
  form: z.enum(['colors', 'values']).default('colors'),
});

/** Makes the routes of the pictures. */
export function pictureRoutes({ dataset, pictures }: ServerContext) {
  return new Hono()
    .get('/image', validated('query', pictureQuery), async (context) => {
      const { split, name, ...query } = context.req.valid('query');
      const opened = await dataset();
      const path = await opened.imageFile(split, name);
      const reading = opened.imageReading;
      const key = { sort: 'image', file: await fileState(path), reading, ...query };
      const make = () => imagePicture(path, { reading, ...query });
      return answerPicture(context, { pictures, key, make, type: 'image/jpeg' });
    })
    .get('/labels', validated('query', labelQuery), async (context) => {
      const { split, name, labels, ...query } = context.req.valid('query');
      const opened = await dataset();
      const path = await opened.labelFile(split, { labels, name });
      if (path === null) throw new NotFoundError(`'${name}' has no labels '${labels}'`);
      const { classes } = opened;
      const key = { sort: 'labels', file: await fileState(path), list: opened.classList, ...query };
      const make = async () => {
        const map = await opened.readLabels(split, { labels, name });
        if (map === null) throw new NotFoundError(`'${name}' has no labels '${labels}'`);
        return labelPicture(map, { classes, ...query });
      };
      return answerPicture(context, { pictures, key, make, type: 'image/png' });
    });
}
