import { type Submission, submissionsOf } from "../runtime/pools/submissions.ts";
import { type Burden, burdenOf } from "../runtime/processes/payloads.ts";
import type { Detection, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const largeObjectPickled: Rule = {
  id: "large-object-pickled",
  title: "Big object pickled for every task of a process pool",
  severity: "notice",
  group: "Processes",
  why: "Every task pickles its arguments, sends them through a pipe, and unpickles them: about 4 ms for each megabyte and direction, often more than the work itself.",
  instead:
    "Send a file path or the name of a `SharedMemory` block, or let an `initializer=` load the data once in each worker.",
  bad: `
from concurrent.futures import ProcessPoolExecutor

import numpy as np


def smooth(matrix: np.ndarray, window: int) -> float:
    return sum(float(value) / window for row in matrix for value in row)


def windows(path: str) -> list[float]:
    matrix = np.load(path)
    with ProcessPoolExecutor() as pool:
        futures = [pool.submit(smooth, matrix, window) for window in range(1, 100)]
        return [future.result(timeout=60) for future in futures]
`,
  good: `
from concurrent.futures import ProcessPoolExecutor

import numpy as np


def smooth(path: str, window: int) -> float:
    matrix = np.load(path, mmap_mode="r")
    return sum(float(value) / window for row in matrix for value in row)


def windows(path: str) -> list[float]:
    with ProcessPoolExecutor() as pool:
        futures = [pool.submit(smooth, path, window) for window in range(1, 100)]
        return [future.result(timeout=60) for future in futures]
`,
  *detect(runtime) {
    for (const submission of submissionsOf(runtime)) {
      const burden = burdenOf(runtime, submission);
      if (burden) yield detection(submission, burden);
    }
  },
};

function detection({ func, call, fact, doubt }: Submission, burden: Burden): Detection {
  const shown = code(func.module, burden.expression);
  const what = burden.attribute
    ? `${shown} takes its object along: the ${burden.label} in ${quoted(burden.attribute)} is pickled for every task`
    : `${shown} (${burden.label}) is pickled for every task`;
  return {
    func,
    at: call,
    message: what,
    doubt: doubt + burden.doubt,
    subject: `${fact.name}>${burden.label}>${burden.attribute ?? ""}`,
  };
}
