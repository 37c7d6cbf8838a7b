import { isAvailable } from "../knowledge/features.ts";
import type { Func } from "../python/module.ts";
import { runningFrom } from "../runtime/graph/running.ts";
import { burdenOf } from "../runtime/processes/payloads.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { conflictsOf } from "../runtime/state/conflicts.ts";
import { lostChanges } from "../runtime/state/lost-changes.ts";
import type { Decision } from "./decide.ts";
import { couldBePlain } from "./plain.ts";
import type { Subject } from "./sites.ts";
import { quoted } from "./words.ts";

/** What to keep in mind with the model that is recommended: state, connections, what is pickled. One sentence each. */
export function notesFor(
  runtime: Runtime,
  subject: Subject,
  { current, recommended, fits, verdicts }: Decision,
): string[] {
  const notes: string[] = [];
  // What the code shares is known for the model that it has.
  const state = fits === true || current === recommended ? sharedState(runtime, subject, current) : null;
  if (state) notes.push(state);
  if (fits === true) return notes;
  if (verdicts[0]?.part.runs === "on the loop" && verdicts[0].row.goes === "threads" && couldBePlain(runtime, subject))
    notes.push(
      "Nothing in it is awaited: as a plain `def` all of it runs in one of FastAPI's 40 threads, which is the smallest change.",
    );
  if (recommended.endsWith("processes")) notes.push(...aboutProcesses(runtime, subject));
  if (recommended.endsWith("threads") && verdicts[0]?.part.costs.some(({ name }) => SESSIONLESS.test(name)))
    notes.push(
      "Share one `requests.Session` (or one for each thread): without it every call opens a connection of its own.",
    );
  if (recommended.endsWith("threads") && verdicts[0]?.part.costs.some(({ name }) => BLAS.test(name)))
    notes.push(
      "The library already starts a thread for every core: set `OMP_NUM_THREADS=1` (or `cv2.setNumThreads(1)`) before adding more.",
    );
  return notes;
}

const SESSIONLESS = /^requests\.(?:get|post|put|patch|delete|head|options|request)$/;
const BLAS = /^(?:numpy\.(?:dot|matmul|linalg|einsum)|scipy\.linalg|cv2)\b/;

function aboutProcesses(runtime: Runtime, subject: Subject): string[] {
  const notes: string[] = [];
  if (isAvailable("multiprocessing-forkserver-default", runtime.target.minor))
    notes.push(
      'From Python 3.14 on they start with `forkserver`: what they run must be importable, and the program needs its `if __name__ == "__main__"`.',
    );
  for (const { submission } of subject.launches) {
    const burden = submission?.to === "process" ? burdenOf(runtime, submission) : null;
    if (burden && burden.doubt < 2) {
      notes.push(
        `Each task pickles ${burden.label === "array" || burden.label === "image" ? "an" : "a"} ${burden.label} (10 MB take about 38 ms each way): pass a path, or the name of a \`multiprocessing.shared_memory\` block.`,
      );
      break;
    }
  }
  if (!notes.some((note) => note.includes("pickles")) && subject.costs.list.some(({ name }) => LARGE.test(name)))
    notes.push(
      "Pass paths, or names of `multiprocessing.shared_memory` blocks: 10 MB of argument take about 38 ms to pickle.",
    );
  return notes;
}

const LARGE =
  /^(?:PIL|cv2|numpy|pandas|skimage|imageio|pypdf|PyPDF2|pdfplumber|pdfminer|fitz|pypdfium2|polars|pyarrow)\b/;

/** State that the work changes and that the model shares, or does not share. */
function sharedState(runtime: Runtime, subject: Subject, recommended: Decision["recommended"]): string | null {
  const { launches } = subject;
  if (recommended === "processes" || recommended === "asyncio+processes") {
    for (const { submission } of launches) {
      const [lost] =
        submission?.to === "process" ? lostChanges(runtime, submission).filter(({ doubt }) => doubt < 2) : [];
      if (lost)
        return `${quoted(lost.name)} is changed in the child's own copy: return the value, or use \`Manager\`, \`Value\` or \`Array\`.`;
    }
    return null;
  }
  const kind = recommended.endsWith("threads") ? "thread" : recommended === "asyncio" ? "task" : null;
  if (kind === null) return null;
  const reached = new Set<Func>();
  for (const { work } of launches)
    for (const { func } of work) if (func) for (const one of runningFrom(runtime, func).keys()) reached.add(one);
  for (const one of subject.role === "handler" ? runningFrom(runtime, subject.func).keys() : []) reached.add(one);
  const conflict = conflictsOf(runtime, kind).find(({ func, doubt }) => doubt < 2 && reached.has(func));
  if (!conflict) return null;
  const name = quoted(conflict.func.module.text.slice(conflict.at.start, conflict.at.end));
  return kind === "thread"
    ? `${name} is changed by several threads at once: guard it with a \`threading.Lock\`.`
    : `${name} is changed by several tasks across an \`await\`: guard it with an \`asyncio.Lock\`.`;
}
