import { isSequence } from "../../python/constant.ts";
import type { Call, Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { receiverOf } from "../waits/limit-sources.ts";

/** The child program that a call starts or waits for. */
export interface Program {
  /** The words of its command in order; what is not known of it is empty. */
  words: readonly string[];
  /** Whether the program reads what it writes, so that it waits for an answer. */
  captured: boolean;
  /** Whether a person sits in front of it, or it is meant to run until somebody stops it. */
  forPeople: boolean;
}

const CAPTURING = /(?:^|\.)(?:check_output|getoutput|getstatusoutput)$/;

/** Programs in which a person works, or that show something until they are closed. */
const INTERACTIVE =
  /^(?:vim?|nvim|nano|emacs|ed|less|more|man|[bh]?top|bash|zsh|fish|ipython|gdb|pdb|lldb|telnet|passwd|tmux|screen|fzf|dialog|whiptail|xdg-open|open|start|code|subl|gedit|notepad|visidata|vd)$/;

/** Words after which a program runs until it is stopped, or asks a person. */
const LASTING = /^(?:-it|-ti|--interactive|serve|runserver|--follow|--watch)$/;

/** Programs that give a person a terminal when told `-t`. */
const TERMINALS = /^(?:ssh|docker|podman|kubectl)$/;

const SERVERS =
  /^(?:uvicorn|gunicorn|hypercorn|daphne|celery|streamlit|jupyter|jupyter-lab|mkdocs|tail|watch|ssh-agent|redis-server|postgres|nginx|adb)$/;

/** Names of variables and environment variables that hold such programs. */
const NAMED = /editor|pager|shell|browser|terminal|viewer|player/i;

/** Reads the command of `subprocess.run`, `Popen(…).wait`, `os.system` and their kin. */
export function programOf(runtime: Runtime, call: Call, callee: Expression): Program {
  const owner = receiverOf(runtime, callee);
  const starts = owner
    ? runtime.origins.of(owner).flatMap(({ expression }) => (expression.kind === "call" ? [expression] : []))
    : [call];
  const names = runtime.inference.names(callee).map(({ name }) => name);
  const words: string[] = [];
  let captured = names.some((name) => CAPTURING.test(name));
  let forPeople = false;
  for (const start of starts) {
    const command = argument(start, "args", 0) ?? argument(start, "cmd", 0) ?? argument(start, "command", 0);
    if (command) {
      words.push(...wordsOf(runtime, command));
      forPeople ||= mentionsPeople(runtime, command);
    }
    captured ||= start.args.some(
      ({ name, value }) =>
        (name === "capture_output" || name === "stdout" || name === "stderr") && !isDropped(runtime, value),
    );
  }
  const [program = ""] = words;
  const base = program.slice(program.lastIndexOf("/") + 1);
  forPeople ||= INTERACTIVE.test(base) || SERVERS.test(base) || words.some((word) => LASTING.test(word));
  forPeople ||= TERMINALS.test(base) && words.includes("-t");
  return { words, captured, forPeople: forPeople && !captured };
}

/** Whether the output goes nowhere: that says nothing about whether anybody waits for it. */
function isDropped(runtime: Runtime, value: Expression): boolean {
  return (
    (value.kind === "constant" && value.value !== true) ||
    runtime.inference.names(value).some(({ name }) => name === "subprocess.DEVNULL" || name.startsWith("sys."))
  );
}

function wordsOf(runtime: Runtime, command: Expression): string[] {
  const constant = runtime.constants.evaluate(command);
  if (constant && isSequence(constant))
    return constant.value.map((item) => (item?.kind === "string" ? item.value : ""));
  if (constant?.kind === "string") return constant.value.trim().split(/\s+/);
  if (command.kind === "list" || command.kind === "tuple")
    return command.items.map((item) => {
      const one = runtime.constants.evaluate(item);
      return one?.kind === "string" ? one.value : "";
    });
  return (runtime.constants.pieces(command) ?? []).join(" ").trim().split(/\s+/).filter(Boolean);
}

/** Whether the command is made of a variable such as `EDITOR`. */
function mentionsPeople(runtime: Runtime, command: Expression): boolean {
  const [first] = command.kind === "list" || command.kind === "tuple" ? command.items : [command];
  if (!first) return false;
  const text = runtime.inference.moduleOf(first).text.slice(first.start, first.end);
  return NAMED.test(text);
}
