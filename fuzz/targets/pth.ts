/**
 * Reads PyTorch checkpoints. The first byte of an input chooses its form: a file as it is, or a pickle that is put into
 * a zip archive with two storages.
 */

import { readStateDict } from 'coarsely/torch';
import { freeAndCount } from '../support/live-tensors.js';
import { pickle, pickledDict, pickledTensor, pickledTexts } from '../support/pickle.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';
import { zipOf } from '../support/zip-file.js';

const scratch = new ScratchFile('input.pth');
const storageBytes = 24;

/** Reads a file and checks that a reader that fails frees its tensors. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const [form = 0] = data;
  const rest = data.subarray(1);
  const path = scratch.write(form % 2 === 0 ? rest : checkpointOf(rest));
  await freeAndCount(async () => {
    const outcome = await outcomeOf(() => readStateDict(path));
    return 'value' in outcome ? [...outcome.value.tensors.values()] : [];
  });
}

function checkpointOf(pickled: Uint8Array): Buffer {
  const storage = new Uint8Array(storageBytes).fill(1);
  return zipOf(
    new Map([
      ['archive/data.pkl', pickled],
      ['archive/byteorder', Buffer.from('little')],
      ['archive/data/0', storage],
      ['archive/data/1', storage],
    ]),
  );
}

/** Returns checkpoints of both containers, with and without wrappers. */
export function seeds(): Uint8Array[] {
  const weight = pickledTensor({ key: '0', shape: [2, 3], stride: [3, 1] });
  const transposed = pickledTensor({ key: '1', shape: [3, 2], stride: [1, 3] });
  const dict = pickledDict({ weight, 'bn.running_mean': transposed });
  const pickles = [
    dict,
    pickledDict({ state_dict: dict, meta: pickledDict({ CLASSES: pickledTexts(['road', 'sky']) }) }),
    pickledDict({ model: pickledDict({ state_dict: dict }), epoch: [0x4b, 3] }),
  ].map(pickle);
  const legacy = Buffer.concat([
    pickle([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
    pickle([0x4d, 0xe9, 0x03]),
    pickle(pickledDict({ little_endian: [0x88] })),
    pickle(pickledDict({ weight })),
    pickle(pickledTexts(['0'])),
    Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0),
    new Uint8Array(storageBytes),
  ]);
  const prefixed = (form: number, bytes: Uint8Array) => Buffer.concat([Uint8Array.of(form), bytes]);
  return [
    ...pickles.flatMap((bytes) => [prefixed(0, checkpointOf(bytes)), prefixed(1, bytes)]),
    prefixed(0, legacy),
  ];
}

export const dictionary = [
  'ccollections\nOrderedDict\n',
  'ctorch._utils\n_rebuild_tensor_v2\n',
  'ctorch._utils\n_rebuild_parameter\n',
  'ctorch\nFloatStorage\n',
  'ctorch\nBFloat16Storage\n',
  'ctorch\nSize\n',
  'c_codecs\nencode\n',
  'storage',
  'state_dict',
  'meta',
  'PK\u0001\u0002',
  'PK\u0003\u0004',
  'PK\u0005\u0006',
];
