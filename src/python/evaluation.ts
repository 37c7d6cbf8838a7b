import type { Constant, Content, Origin } from "./constant.ts";
import type { Inference } from "./infer.ts";
import type { Binding, Func, Module, Scope } from "./module.ts";
import { sourceOf } from "./module.ts";
import type { Expression, Node } from "./syntax.ts";
import type { Uses } from "./uses.ts";

/** What the parts of the evaluation of constants ask of each other. */
export interface Evaluation {
  inference: Inference;
  uses: Uses;
  /** Whether a file's words count: those of tests may not. */
  counts(path: string): boolean;
  evaluate(expression: Expression): Constant | null;
  /** The value of a module's name at the end of its top level. */
  named(module: Module, name: string): Constant | null;
  /** The value that bindings of one scope leave in a name. */
  settled(bindings: readonly Binding[], scope: Scope, name: string): Constant | null;
  /** What a call of the function gives. */
  returned(func: Func): Constant | null;
  /** A list or dict, as far as nothing in the project changes what has this name. */
  unlessChanged(constant: Constant, name: string): Constant | null;
}

const LONGEST_WORDS = 70;

/** The origin at a node; its words are the author's own unless others are given. */
export function place(inference: Inference, node: Node, by: Origin["by"], words: string | null = null): Origin {
  const module = inference.moduleOf(node);
  return { module, node, by, words: words ?? quoted(sourceOf(module, node)) };
}

/** A constant that is written where it is used. */
export function literal(inference: Inference, node: Expression, content: Content): Constant {
  return { ...content, origin: [place(inference, node, "literal")], doubt: 0 };
}

/** The same constant, one step less sure. */
export function doubted(constant: Constant | null): Constant | null {
  return constant && { ...constant, doubt: constant.doubt + 1 };
}

/** Source text on one line, cut to a readable length, without backticks. */
export function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, " ").replaceAll("`", "'");
  return flat.length > LONGEST_WORDS ? `${flat.slice(0, LONGEST_WORDS - 1)}…` : flat;
}

/** Source text as a phrase for a message. */
export function quoted(text: string): string {
  return `\`${oneLine(text)}\``;
}

/** Whether the statement runs whenever the body around it does. */
export function isCertain(at: Node): boolean {
  if (at.kind === "parameter") return true;
  for (let node = at.parent; node; node = node.parent)
    switch (node.kind) {
      case "module":
      case "class":
      case "function":
      case "lambda":
        return true;
      case "with":
      case "expression":
      case "assign":
        continue;
      default:
        return false;
    }
  return true;
}
