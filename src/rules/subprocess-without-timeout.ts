import type { Severity } from "../finding.ts";
import { isTyped } from "../runtime/processes/command-lines.ts";
import { type Program, programOf } from "../runtime/processes/programs.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Wait, waitsOf } from "../runtime/waits/timeouts.ts";
import { isGone, isToldToEnd } from "../runtime/waits/wait-ends.ts";
import { hasOwnThread } from "../runtime/waits/waiters.ts";
import type { Detection, Rule } from "./rule.ts";
import { blocksLoop, isTest, keeping, limitAdvice, waiterAt, waitWords } from "./waits.ts";
import { quoted } from "./words.ts";

export const subprocessWithoutTimeout: Rule = {
  id: "subprocess-without-timeout",
  title: "Child program that is waited for without a limit",
  severity: "notice",
  group: "Timeouts",
  why: "A child that hangs (a dead network share, a prompt nobody sees, a full pipe) hangs its parent with it. In a handler or a worker that place is gone for good.",
  instead: "Pass `timeout=…`, and kill the child when it is over.",
  bad: `
import subprocess


def revision(folder):
    return subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()
`,
  good: `
import subprocess


def revision(folder):
    return subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True, timeout=10).strip()
`,
  *detect(runtime) {
    for (const wait of waitsOf(runtime)) {
      if (wait.fact.group !== "subprocess" || wait.limit !== "missing") continue;
      const weight = weighChild(runtime, wait);
      if (weight) yield detection(runtime, wait, weight);
    }
  },
};

/** How much it matters that a child is waited for without a limit; `null` where it has to be so. */
export interface Weight {
  severity: Severity;
  doubt: number;
  program: Program;
}

/** In a handler or a worker it keeps a place; for a person at a terminal it is what was asked for. */
export function weighChild(runtime: Runtime, wait: Wait): Weight | null {
  const { func, call, callee, fact, doubt } = wait;
  if (blocksLoop(runtime, wait) || isGone(func, call)) return null;
  const program = programOf(runtime, call, callee);
  // `os.system("viewer &")`: the shell does not wait.
  if (program.words.at(-1)?.endsWith("&")) return null;
  const waiter = waiterAt(runtime, wait);
  if (waiter) return { severity: "warning", doubt, program };
  if (program.forPeople) return null;
  const isKnown = program.words.some(Boolean) && !QUICK.test(program.words[0] ?? "");
  const isAnswer =
    isKnown || (program.captured && program.words.every((word) => word === "") && !WAITING.test(fact.name));
  const hidden =
    isTest(runtime, func) ||
    isTyped(runtime, func) ||
    isToldToEnd(func, call) ||
    hasOwnThread(runtime, func) ||
    !isAnswer;
  return { severity: "notice", doubt: doubt + (hidden || !ANSWERS.test(fact.name) ? 2 : 0), program };
}

/** Programs that look at this machine's own state or move a file. */
const QUICK =
  /^(?:\S*\/)?(?:rm|rmdir|cp|mv|ln|mkdir|touch|chmod|chown|ls|cat|echo|uname|which|where|hostname|whoami|id|date|true|lsb_release|sysctl|getconf|tput|stty|clear|cls|ps|kill|file|stat)$/;

/** Calls that wait for the end of a program, not for what it says. */
const WAITING = /\.wait$/;

/** Calls for one child's answer; the others wait for any child, or for how long their caller says. */
const ANSWERS = /^(?:subprocess|os\.system$|psutil\.Popen)/;

function detection(runtime: Runtime, wait: Wait, { severity, doubt, program }: Weight): Detection {
  const { func, call, fact } = wait;
  const [name] = program.words;
  const child = name && /^[\w./-]+$/.test(name) && !name.startsWith("-") ? quoted(name) : "the child program";
  return {
    func,
    at: call,
    message: `${waitWords(wait)} waits for ${child} without a limit${keeping(waiterAt(runtime, wait))}`,
    instead: limitAdvice(wait, killing(fact.name)),
    severity,
    doubt,
    subject: fact.name,
  };
}

function killing(name: string): string {
  return /^subprocess\.(?:run|call|check)/.test(name)
    ? "the child is killed when the time is over, and `TimeoutExpired` is raised"
    : "when it raises, kill the child and wait for its end";
}
