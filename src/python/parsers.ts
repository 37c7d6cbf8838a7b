import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type FlatTree, loadParser, type PythonParser } from "./parse.ts";

/** Parsing on this thread and, where there is much to do, on others. */
export interface Parsers {
  /** For small jobs and second tries, on this thread. */
  own: PythonParser;
  /** Parses on whichever thread is free; `null` when the time limit is hit. */
  parse(text: string): Promise<FlatTree | null>;
  /** Ends the other threads. */
  close(): Promise<void>;
}

/** Below this many characters, starting threads costs more than they save. */
const WORTHWHILE = 1_500_000;
const MOST_WORKERS = 7;
/** Texts that lie ready at a worker, so that it never waits for this thread. */
const AHEAD = 3;

/** Starts parsing for about `characters` characters with `jobs` threads in all; `null` chooses by the machine. */
export async function startParsers(jobs: number | null, characters: number): Promise<Parsers> {
  const own = await loadParser();
  const script = workerScript();
  const count = Math.min(MOST_WORKERS, (jobs ?? availableParallelism()) - 1);
  if (script === null || count < 1 || (jobs === null && characters < WORTHWHILE))
    return { own, parse: async (text) => own.parse(text), close: async () => {} };
  return sharedOut(
    own,
    Array.from({ length: count }, () => new ParseWorker(script)),
  );
}

/** A text that waits for a thread to parse it. */
interface Job {
  text: string;
  done(flat: FlatTree | null): void;
}

/** Deals texts to the workers, a few ahead each; when this thread has nothing else to do, it takes one as well. */
function sharedOut(own: PythonParser, workers: readonly ParseWorker[]): Parsers {
  const jobs: Job[] = [];
  let helpsSoon = false;
  const deal = (): void => {
    for (const worker of workers)
      while (worker.isAlive && worker.waiting < AHEAD && jobs.length > 0) void send(worker, jobs.shift());
    if (jobs.length === 0 || helpsSoon) return;
    helpsSoon = true;
    setImmediate(help);
  };
  const send = async (worker: ParseWorker, job: Job | undefined): Promise<void> => {
    if (!job) return;
    const flat = await worker.parse(job.text);
    // A thread that died is no reason to lose a file.
    job.done(flat === undefined ? own.parse(job.text) : flat);
    deal();
  };
  const help = (): void => {
    helpsSoon = false;
    const job = jobs.shift();
    job?.done(own.parse(job.text));
    deal();
  };
  return {
    own,
    parse: (text) =>
      new Promise((done) => {
        jobs.push({ text, done });
        deal();
      }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** The worker's file beside this one; `null` where this node cannot run it. */
function workerScript(): string | null {
  const here = fileURLToPath(import.meta.url);
  const script = join(dirname(here), here.endsWith(".ts") ? "parse-worker.ts" : "parse-worker.js");
  if (script.endsWith(".ts") && !process.features.typescript) return null;
  return existsSync(script) ? script : null;
}

class ParseWorker {
  readonly #worker: Worker;
  readonly #open = new Map<number, (flat: FlatTree | null | undefined) => void>();
  #next = 0;
  isAlive = true;

  constructor(script: string) {
    this.#worker = new Worker(script);
    this.#worker.on("message", ({ id, flat }: { id: number; flat: FlatTree | null }) => {
      this.#open.get(id)?.(flat);
      this.#open.delete(id);
    });
    this.#worker.on("error", () => this.#end());
    this.#worker.on("exit", () => this.#end());
  }

  get waiting(): number {
    return this.#open.size;
  }

  /** `undefined` when the worker died. */
  parse(text: string): Promise<FlatTree | null | undefined> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#open.set(id, resolve);
      this.#worker.postMessage({ id, text });
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(): void {
    this.isAlive = false;
    for (const resolve of this.#open.values()) resolve(undefined);
    this.#open.clear();
  }
}
