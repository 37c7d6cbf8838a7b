import { type Submission, submissionsOf } from "../runtime/pools/submissions.ts";
import { parentingOf, reportsBack } from "../runtime/processes/children.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Detection, Rule } from "./rule.ts";
import { code } from "./words.ts";

export const childExitUnchecked: Rule = {
  id: "child-exit-unchecked",
  title: "Child process whose end nobody looks at",
  severity: "warning",
  group: "Processes",
  why: "A child that fails prints a traceback and ends with an exit code. Without `join()` it stays behind as a zombie; without a look at `exitcode` the parent goes on as if all were done.",
  instead:
    "Call `join()` and check `exitcode`, or use a `ProcessPoolExecutor`, whose `result()` raises what went wrong.",
  bad: `
from multiprocessing import Process


def export(path, limit):
    with open(path, "w") as file:
        for number in range(limit):
            if all(number % divisor for divisor in range(2, int(number**0.5) + 1)):
                print(number, file=file)


def start(path):
    child = Process(target=export, args=(path, 100_000))
    child.start()
`,
  good: `
from multiprocessing import Process


def export(path, limit):
    with open(path, "w") as file:
        for number in range(limit):
            if all(number % divisor for divisor in range(2, int(number**0.5) + 1)):
                print(number, file=file)


def run(path):
    child = Process(target=export, args=(path, 100_000))
    child.start()
    child.join(timeout=60)
    if child.exitcode != 0:
        raise RuntimeError("the export failed")
`,
  *detect(runtime) {
    for (const submission of submissionsOf(runtime)) {
      if (submission.fact.name !== "multiprocessing.Process" || isConstructorCall(submission)) continue;
      const found = neglect(runtime, submission);
      if (found) yield found;
    }
  },
};

/** `super().__init__(target=…)` makes no process of its own. */
function isConstructorCall({ call }: Submission): boolean {
  return call.callee.kind === "attribute" && call.callee.attr === "__init__";
}

function neglect(runtime: Runtime, submission: Submission): Detection | null {
  const { started, joined, minded, daemon, escapes } = parentingOf(runtime, submission);
  if (!started || minded || daemon || escapes) return null;
  if (joined && reportsBack(runtime, submission)) return null;
  const { func, call, callable, work } = submission;
  const shown = code(func.module, call.callee);
  const whose = callable ? ` for ${code(func.module, callable)}` : "";
  return {
    func,
    at: call,
    message: joined
      ? `the \`exitcode\` of ${shown}${whose} is never looked at: its failure would go unnoticed`
      : `${shown}${whose} is started and never joined`,
    doubt: submission.doubt + (joined ? 1 : 0),
    subject: `multiprocessing.Process>${work[0]?.func?.name ?? ""}`,
  };
}
