import type { ChildProcessByStdio } from "node:child_process";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { InputError } from "../errors.ts";
import { decode, MOST_BYTES } from "./decode.ts";

type BatchProcess = ChildProcessByStdio<Writable, Readable, null>;

/** Reads the text of the blob `id`; `path` is for messages. `null` if there is no such object here. */
export type ReadBlob = (id: string, path: string) => Promise<string | null>;

interface Request {
  path: string;
  resolve(text: string | null): void;
  reject(error: Error): void;
}

/** Content that was let go as it came, because of its size. */
const TOO_LARGE = Symbol("too large");

/**
 * Reads blobs through one `git cat-file --batch`, started with the first request. While nothing is asked, the process does not
 * keep ours alive, so nobody has to close it.
 */
export function blobReader(start: () => BatchProcess): ReadBlob {
  const waiting: Request[] = [];
  let running: BatchProcess | null = null;

  const launch = (): BatchProcess => {
    const started = start();
    const fail = (): void => {
      if (running !== started) return;
      running = null;
      for (const { path, reject } of waiting.splice(0)) {
        reject(new InputError(`git could not read ${path}; check the repository with \`git fsck\``));
      }
    };
    const read = answers((content) => {
      const request = waiting.shift();
      if (waiting.length === 0) hold(started, false);
      if (content === TOO_LARGE) request?.reject(new InputError(tooLarge(request.path)));
      else request?.resolve(content);
    });
    started.stdout.on("data", read);
    started.stdin.on("error", fail);
    started.on("error", fail);
    started.on("close", fail);
    return started;
  };

  return (id, path) =>
    new Promise((resolve, reject) => {
      running ??= launch();
      if (waiting.length === 0) hold(running, true);
      waiting.push({ path, resolve, reject });
      running.stdin.write(`${id}\n`);
    });
}

/** Why a file is not read. */
export function tooLarge(path: string): string {
  return `${path} is larger than ${MOST_BYTES / 1024 / 1024} MB and is not read`;
}

function hold(running: BatchProcess, alive: boolean): void {
  const pipes = [running.stdin, running.stdout].filter((pipe) => pipe instanceof Socket);
  for (const part of [running, ...pipes]) {
    if (alive) part.ref();
    else part.unref();
  }
}

/** Cuts the stream of answers, `<id> <type> <size>\n<content>\n` or `<id> missing\n`, into texts. */
function answers(found: (content: string | null | typeof TOO_LARGE) => void): (chunk: Buffer) => void {
  let header = "";
  let body: { left: number; parts: Buffer[]; kept: boolean } | null = null;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (body === null) {
        const end = rest.indexOf("\n");
        header += rest.toString("latin1", 0, end < 0 ? rest.length : end);
        if (end < 0) return;
        rest = rest.subarray(end + 1);
        const size = / \w+ (\d+)$/.exec(header)?.[1];
        header = "";
        if (size === undefined) found(null);
        else body = { left: Number(size) + 1, parts: [], kept: Number(size) <= MOST_BYTES };
        continue;
      }
      const piece = rest.subarray(0, body.left);
      rest = rest.subarray(piece.length);
      body.left -= piece.length;
      if (body.kept) body.parts.push(piece);
      if (body.left > 0) continue;
      const { kept, parts } = body;
      body = null;
      found(kept ? decode(Buffer.concat(parts).subarray(0, -1)) : TOO_LARGE);
    }
  };
}
