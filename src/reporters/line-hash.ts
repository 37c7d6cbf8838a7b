import type { Sources } from "./sources.ts";

/** Characters that a line's hash takes in, blanks left out, beyond the line's own end if it is shorter. */
const WINDOW = 100;
const FACTOR = 37;
const HALF = 2 ** 32;
const END_OF_FILE = 0xffff;
/** A longer file is not hashed: its findings are still told apart by our own fingerprint. */
const MOST_LINES = 100_000;
const BLANK = /[ \t]/;

/** A hash of 64 bits in two halves, which numbers hold exactly. */
interface Hash {
  high: number;
  low: number;
}

/**
 * For every line of a file the hash that code scanning follows alerts with: a rolling polynomial hash (factor 37, modulo 2^64)
 * over the next hundred characters that are not blank, and how often the same value came before.
 */
export function lineHashes(sources: Sources, path: string): string[] {
  const { codes, starts } = contentOf(sources, path);
  const oldest = power(FACTOR, WINDOW);
  const counts = new Map<string, number>();
  const hashes: string[] = [];
  const hash: Hash = { high: 0, low: 0 };
  for (let index = 0; hashes.length < starts.length; index++) {
    // The window that began with this line is full.
    if (index - WINDOW === starts[hashes.length]) {
      const value = hexadecimal(hash);
      const number = (counts.get(value) ?? 0) + 1;
      counts.set(value, number);
      hashes.push(`${value}:${number}`);
    }
    push(hash, codes[index] ?? 0, codes[index - WINDOW] ?? 0, oldest);
  }
  return hashes;
}

/** The characters that count, with where each line begins among them. */
function contentOf(sources: Sources, path: string): { codes: number[]; starts: number[] } {
  const codes: number[] = [];
  const starts: number[] = [];
  for (let number = 1; number <= MOST_LINES; number++) {
    const line = sources.line(path, number);
    if (line === undefined) break;
    if (number > 1) codes.push("\n".charCodeAt(0));
    starts.push(codes.length);
    for (let index = 0; index < line.length; index++) {
      if (!BLANK.test(line.charAt(index))) codes.push(line.charCodeAt(index));
    }
  }
  codes.push(END_OF_FILE);
  return { codes, starts };
}

/** Takes in one character and lets the oldest go. */
function push(hash: Hash, added: number, removed: number, oldest: Hash): void {
  const low = hash.low * FACTOR + added - oldest.low * removed;
  const carry = Math.floor(low / HALF);
  hash.low = low - carry * HALF;
  hash.high = modulo(hash.high * FACTOR + carry - oldest.high * removed, HALF);
}

function power(base: number, exponent: number): Hash {
  const value = BigInt.asUintN(64, BigInt(base) ** BigInt(exponent));
  return { high: Number(value >> 32n), low: Number(value & 0xffff_ffffn) };
}

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}

function hexadecimal({ high, low }: Hash): string {
  const tail = low.toString(16);
  return high === 0 ? tail : `${high.toString(16)}${tail.padStart(8, "0")}`;
}
