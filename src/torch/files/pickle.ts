/**
 * Reads pickles of protocols 2 to 5 (https://docs.python.org/3/library/pickletools.html), with restrictions. Python's
 * own unpickler calls whatever function a pickle names. This one builds dicts, lists, tuples, numbers, strings, bytes,
 * booleans and None, and calls only the functions that its host allows; any other name is an error. A hostile file can
 * neither loop, as every opcode consumes a byte, nor allocate more than a small multiple of its size.
 */
import type { CheckpointError } from '../../errors/index.js';
import type { ByteCursor } from './byte-cursor.js';

type PickleCall = (args: readonly unknown[]) => unknown;

/** Represents a Python object that a pickle may name and, when `call` is not null, call. */
export class PickleGlobal {
  readonly name: string;
  readonly call: PickleCall | null;

  constructor(name: string, call: PickleCall | null) {
    this.name = name;
    this.call = call;
  }
}

/**
 * Stands for a Python object that weights do not need: a NumPy number, command line arguments, a config. Its class is never
 * run. What a pickle puts into it as into a dict is kept, as classes derived from dict may hold weights.
 */
export class UnreadObject extends Map<unknown, unknown> {
  readonly className: string;

  constructor(className: string) {
    super();
    this.className = className;
  }
}

/** Resolves the names in a pickle. */
export interface PickleHost {
  /** Returns the global `module.name`, such as `collections.OrderedDict`, or undefined to refuse it. */
  readonly findGlobal: (qualifiedName: string) => PickleGlobal | undefined;
  /** Returns the object with a persistent id; in PyTorch's files these are storages. */
  readonly loadPersistent: (id: unknown) => unknown;
}

/** Holds a pickled dict or OrderedDict. Keys of any type occur; tuples are compared by identity. */
type PickleDict = Map<unknown, unknown>;

/** Bounds the time that a pickle takes; a checkpoint of a thousand tensors has about 40 000 opcodes. */
const opcodeLimit = 5_000_000;
const nameLimit = 1024;
/** PyTorch's magic number has 80 bits. Larger integers occur in no checkpoint and take quadratic time to read. */
const integerBytesLimit = 64;

/**
 * Reads one pickle from the cursor, which is then at the byte after it.
 *
 * @throws {CheckpointError} when the pickle is malformed or names a global that the host refuses, such as
 *   `posix.system`
 */
export function unpickle(cursor: ByteCursor, { host }: { host: PickleHost }): unknown {
  return new Unpickler(cursor, host).run();
}

class Unpickler {
  readonly #cursor: ByteCursor;
  readonly #host: PickleHost;
  /** Holds the values since the last MARK opcode, which moves all earlier values to `#setAside`. */
  #stack: unknown[] = [];
  readonly #setAside: unknown[][] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(cursor: ByteCursor, host: PickleHost) {
    this.#cursor = cursor;
    this.#host = host;
  }

  run(): unknown {
    for (let count = 0; count < opcodeLimit; count += 1) {
      const opcode = this.#cursor.byte();
      if (opcode === 0x2e) return this.#pop(); // STOP
      this.#execute(opcode);
    }
    throw this.#malformed(`more than ${opcodeLimit} operations`);
  }

  #execute(opcode: number): void {
    const value = this.#readValue(opcode);
    if (value === undefined) this.#arrange(opcode);
    else this.#push(value);
  }

  /** Returns the value that an opcode contains, or undefined when it contains none. */
  #readValue(opcode: number): unknown {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x4e: // NONE
        return null;
      case 0x88: // NEWTRUE
        return true;
      case 0x89: // NEWFALSE
        return false;
      case 0x4b: // BININT1
        return cursor.byte();
      case 0x4d: // BININT2
        return cursor.view(2).getUint16(0, true);
      case 0x4a: // BININT
        return cursor.view(4).getInt32(0, true);
      case 0x8a: // LONG1
        return this.#integer(cursor.byte());
      case 0x8b: // LONG4
        return this.#integer(this.#length32());
      case 0x47: // BINFLOAT
        return cursor.view(8).getFloat64(0, false);
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING: Python 2's str
        return this.#text(cursor.byte());
      case 0x58: // BINUNICODE
      case 0x54: // BINSTRING
        return this.#text(this.#length32());
      case 0x8d: // BINUNICODE8
        return this.#text(this.#length64());
      case 0x43: // SHORT_BINBYTES
        return cursor.take(cursor.byte());
      case 0x42: // BINBYTES
        return cursor.take(this.#length32());
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return cursor.take(this.#length64());
      case 0x7d: // EMPTY_DICT
        return new Map();
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
      case 0x8f: // EMPTY_SET: read as a list
        return [];
      default:
        return undefined;
    }
  }

  /** Executes the other opcodes: they group values, fill containers, use the memo and call globals. */
  #arrange(opcode: number): void {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x80: // PROTO
        this.#checkProtocol(cursor.byte());
        break;
      case 0x95: // FRAME: a hint for buffered readers
        cursor.take(8);
        break;
      case 0x28: // MARK
        this.#setAside.push(this.#stack);
        this.#stack = [];
        break;
      case 0x74: // TUPLE
      case 0x91: // FROZENSET: read as a list
        this.#push(this.#popToMark());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#push(this.#popSeveral(opcode - 0x84));
        break;
      case 0x61: // APPEND
        this.#extend([this.#pop()]);
        break;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.#extend(this.#popToMark());
        break;
      case 0x73: // SETITEM
        this.#setItems(this.#popSeveral(2));
        break;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        break;
      case 0x71: // BINPUT
        this.#remember(cursor.byte());
        break;
      case 0x72: // LONG_BINPUT
        this.#remember(this.#length32());
        break;
      case 0x94: // MEMOIZE
        this.#remember(this.#memo.size);
        break;
      case 0x68: // BINGET
        this.#recall(cursor.byte());
        break;
      case 0x6a: // LONG_BINGET
        this.#recall(this.#length32());
        break;
      case 0x30: // POP
        this.#pop();
        break;
      case 0x31: // POP_MARK
        this.#popToMark();
        break;
      case 0x63: // GLOBAL
      case 0x69: // INST: a call, refused by the name of its global
        this.#pushGlobal(cursor.line(nameLimit), cursor.line(nameLimit));
        break;
      case 0x93: // STACK_GLOBAL
        this.#pushGlobal(...this.#popPair());
        break;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.#callGlobal();
        break;
      case 0x51: // BINPERSID
        this.#push(this.#host.loadPersistent(this.#pop()));
        break;
      case 0x62: // BUILD: sets attributes (OrderedDict's `_metadata`), which weights do not need
        this.#pop();
        this.#dict('BUILD');
        break;
      default:
        throw this.#malformed(`opcode 0x${opcode.toString(16)}, which torch.save never writes`);
    }
  }

  #checkProtocol(version: number): void {
    if (version < 2 || version > 5) throw this.#malformed(`pickle protocol ${version} (expected 2 to 5)`);
  }

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw this.#malformed('a value taken from an empty stack');
    return this.#stack.pop();
  }

  #popSeveral(count: number): unknown[] {
    if (this.#stack.length < count) throw this.#malformed('values taken from an empty stack');
    return this.#stack.splice(-count);
  }

  #popPair(): [unknown, unknown] {
    const [first, second] = this.#popSeveral(2);
    return [first, second];
  }

  #popToMark(): unknown[] {
    const values = this.#stack;
    const below = this.#setAside.pop();
    if (below === undefined) throw this.#malformed('the end of a group that never began');
    this.#stack = below;
    return values;
  }

  #extend(items: readonly unknown[]): void {
    const list = this.#stack.at(-1);
    if (list instanceof UnreadObject) return;
    if (!Array.isArray(list)) throw this.#malformed('items for a list without the list');
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly unknown[]): void {
    const dict = this.#dict('SETITEMS');
    if (items.length % 2 !== 0) throw this.#malformed('a key without a value');
    for (let index = 0; index < items.length; index += 2) dict.set(items[index], items[index + 1]);
  }

  #dict(operation: string): PickleDict {
    const dict = this.#stack.at(-1);
    if (!(dict instanceof Map)) throw this.#malformed(`${operation} on something that is not a dict`);
    return dict;
  }

  #remember(index: number): void {
    if (this.#stack.length === 0) throw this.#malformed('a memo operation on an empty stack');
    this.#memo.set(index, this.#stack.at(-1));
  }

  #recall(index: number): void {
    if (!this.#memo.has(index)) throw this.#malformed(`memo ${index}, which was never written`);
    this.#push(this.#memo.get(index));
  }

  #pushGlobal(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.#malformed('a global whose name is not text');
    }
    const qualifiedName = `${module}.${name}`;
    const global = this.#host.findGlobal(qualifiedName);
    if (global === undefined) throw this.#refused(qualifiedName);
    this.#push(global);
  }

  #callGlobal(): void {
    const [callee, args] = this.#popPair();
    if (!(callee instanceof PickleGlobal)) throw this.#malformed('a call of something that is not a global');
    if (callee.call === null || !Array.isArray(args)) {
      throw this.#malformed(`a call of ${callee.name} that torch.save does not write`);
    }
    this.#push(callee.call(args));
  }

  #integer(length: number): number | bigint {
    if (length > integerBytesLimit) throw this.#malformed(`an integer of ${length} bytes`);
    let value = 0n;
    for (const [index, byte] of this.#cursor.take(length).entries())
      value |= BigInt(byte) << BigInt(8 * index);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  #text(length: number): string {
    return Buffer.from(this.#cursor.take(length).buffer).toString('utf8');
  }

  #length32(): number {
    return this.#cursor.view(4).getUint32(0, true);
  }

  /**
   * Reads a length in bytes. Above 2^53 it is inexact, but the cursor rejects lengths beyond the end of the file
   * anyway.
   */
  #length64(): number {
    return Number(this.#cursor.view(8).getBigUint64(0, true));
  }

  #malformed(detail: string): CheckpointError {
    return this.#cursor.damaged(`the pickle holds ${detail}`);
  }

  #refused(qualifiedName: string): CheckpointError {
    // The name comes from the file; printed control characters could change the terminal.
    const printable = qualifiedName.replace(/[^\x20-\x7e]/g, '?');
    return this.#cursor.damaged(
      `refused the global '${printable}': only tensors and plain values are read, and nothing was executed; save model.state_dict() instead, which needs no such global`,
    );
  }
}
