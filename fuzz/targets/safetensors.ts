/**
 * Reads safetensors files. The first byte of an input chooses its form: a file as it is, or a header to which its length
 * and zeros for its tensors are added.
 */

import { readSafetensors } from 'coarsely/torch';
import { freeAndCount } from '../support/live-tensors.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';

const scratch = new ScratchFile('input.safetensors');

/** Reads a file and checks that a reader that fails frees its tensors. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const path = scratch.write(fileOf(data));
  await freeAndCount(async () => {
    const outcome = await outcomeOf(() => readSafetensors(path));
    return 'value' in outcome ? [...outcome.value.tensors.values()] : [];
  });
}

function fileOf(data: Uint8Array): Uint8Array {
  const [form = 0, dataBytes = 0] = data;
  if (form % 2 === 0) return data.subarray(1);
  return withLength(data.subarray(2), dataBytes);
}

function withLength(header: Uint8Array, dataBytes: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, new Uint8Array(dataBytes)]);
}

/** Returns files of no, one and several tensors. */
export function seeds(): Uint8Array[] {
  const headers: [string, number][] = [
    ['{}', 0],
    ['{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}', 24],
    [
      '{"__metadata__":{"format":"pt"},"a.b":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},"c":{"dtype":"I64","shape":[0],"data_offsets":[2,2]}}',
      2,
    ],
    [
      '{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[1,1],"data_offsets":[3,4]}}',
      4,
    ],
  ];
  return headers.flatMap(([header, dataBytes]) => [
    Buffer.concat([Uint8Array.of(0), withLength(Buffer.from(header), dataBytes)]),
    Buffer.concat([Uint8Array.of(1, dataBytes), Buffer.from(header)]),
  ]);
}

export const dictionary = [
  '"dtype":',
  '"shape":',
  '"data_offsets":',
  '__metadata__',
  ...['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'].map((dtype) => `"${dtype}"`),
  '9007199254740991',
  '\\u0000',
  '__proto__',
];
