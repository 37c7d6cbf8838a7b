import type { Progress } from "./review.ts";

/** Where progress is shown: a terminal's line is rewritten, anything else gets a line now and then. */
export interface ProgressOutput {
  isTTY: boolean;
  write(text: string): void;
}

const SILENT_MS = { terminal: 500, file: 2000 };
const EVERY_MS = { terminal: 100, file: 5000 };

/** Progress of long runs; short ones stay silent. `clear` removes what is left on a terminal. */
export function progressOn(output: ProgressOutput, now: () => number): { progress: Progress; clear(): void } {
  const kind = output.isTTY ? "terminal" : "file";
  const start = now();
  let last = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    progress(done, total) {
      const time = now();
      if (time - start < SILENT_MS[kind] || time - last < EVERY_MS[kind]) return;
      last = time;
      shown = true;
      const text = `analysed ${done} of ${total} files`;
      output.write(output.isTTY ? `\r${text}\x1b[K` : `${text}\n`);
    },
    clear() {
      if (shown && output.isTTY) output.write("\r\x1b[K");
    },
  };
}
