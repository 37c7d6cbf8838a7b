import type { Expression } from "../python/syntax.ts";
import { type Submission, submissionsOf } from "../runtime/pools/submissions.ts";
import {
  importsRicherPickle,
  type Obstacle,
  objectObstacle,
  obstacleIn,
  type Way,
  wayOf,
} from "../runtime/processes/pickling.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { calleeWords, code, quoted } from "./words.ts";

export const unpicklableTask: Rule = {
  id: "unpicklable-task",
  title: "Work for another process that cannot be pickled",
  severity: "error",
  group: "Processes",
  why: "The function and its arguments are pickled to reach the other process. Lambdas, nested functions, locks, open files and connections cannot be: the task fails when it is sent.",
  instead: "Give the pool a module-level function and plain data, and open files, locks and connections in the worker.",
  bad: `
from concurrent.futures import ProcessPoolExecutor


def collatz(start):
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps


def total(limit):
    with ProcessPoolExecutor() as pool:
        return sum(pool.map(lambda number: collatz(number) * 2, range(1, limit), chunksize=1000))
`,
  good: `
from concurrent.futures import ProcessPoolExecutor


def collatz(start):
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps


def doubled(number):
    return collatz(number) * 2


def total(limit):
    with ProcessPoolExecutor() as pool:
        return sum(pool.map(doubled, range(1, limit), chunksize=1000))
`,
  *detect(runtime) {
    for (const submission of submissionsOf(runtime)) {
      const way = importsRicherPickle(submission.func.module) ? null : wayOf(runtime, submission);
      const found = way && obstacleTo(runtime, submission, way);
      if (found) yield detection(runtime, submission, found);
    }
  },
};

interface Blocked {
  expression: Expression;
  obstacle: Obstacle;
}

function obstacleTo(runtime: Runtime, submission: Submission, way: Way): Blocked | null {
  const { callable, payload, cls, call } = submission;
  if (cls) {
    const obstacle = objectObstacle(runtime, cls, way);
    if (obstacle) return { expression: call.callee, obstacle };
  }
  if (callable) {
    const obstacle = obstacleIn(runtime, callable, way);
    if (obstacle) return { expression: callable, obstacle };
  }
  for (const { expression, role } of payload) {
    const obstacle =
      role === "argument" ? obstacleIn(runtime, expression, way) : itemObstacle(runtime, expression, way);
    if (obstacle) return { expression, obstacle };
  }
  return null;
}

/** The iterable itself stays here; its elements travel. */
function itemObstacle(runtime: Runtime, items: Expression, way: Way): Obstacle | null {
  if (items.kind === "comprehension") return obstacleIn(runtime, items.element, way);
  if (items.kind === "list" || items.kind === "tuple") return obstacleIn(runtime, items, way);
  return null;
}

function detection(runtime: Runtime, submission: Submission, { expression, obstacle }: Blocked): Detection {
  const { func, call, fact, poolTypes } = submission;
  const target = fact.name === "multiprocessing.Process" ? "`Process`" : quoted(lastPart(poolTypes[0] ?? fact.name));
  const shown = code(func.module, expression);
  const held = obstacle.through
    ? `${shown} cannot be pickled for ${target}: its object holds ${obstacle.label} in ${quoted(obstacle.through)}`
    : `${shown} cannot be pickled for ${target}: it is ${obstacle.label}`;
  const trace: Related[] = obstacle.at
    ? [{ module: runtime.inference.moduleOf(obstacle.at), at: obstacle.at, message: `${obstacle.label} is made here` }]
    : [];
  return {
    func,
    at: call,
    message: held,
    trace,
    doubt: submission.doubt + obstacle.doubt,
    subject: `${calleeWords(func.module, call.callee, fact.name)}>${obstacle.label}`,
  };
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
