import type { Func } from "../python/module.ts";
import type { Branch, Expression, For, Node } from "../python/syntax.ts";
import { within } from "../python/syntax.ts";
import { loopsAround } from "../runtime/effects/boundedness.ts";
import type { Cost } from "../runtime/effects/costs.ts";
import { type ItemLoop, independence } from "../runtime/effects/independence.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Whether a round mostly gets to a piece of work: not where it is one special case of several. */
export function isUsual({ at }: Cost, loop: ItemLoop): boolean {
  let conditions = 0;
  for (const { arm, isTest } of armsAround(at.node, loopsAround(at.node).at(-1) ?? loop)) {
    if (arm > MOST_ARMS) return false;
    if (!isTest) conditions++;
  }
  return conditions <= MOST_CONDITIONS;
}

const MOST_ARMS = 1;
const MOST_CONDITIONS = 2;

/** The rounds look for the first element of a kind: an answer ends them all. */
export function isSearch({ at }: Cost, loop: ItemLoop): boolean {
  return armsAround(at.node, loop).some(({ isTest, branch }) => isTest && branch?.body.at(-1)?.kind === "raise");
}

interface Arm {
  /** 0 for `if`, 1 for the first `elif` … */
  arm: number;
  /** The node is a part of the question. */
  isTest: boolean;
  branch: Branch | null;
}

/** The conditions that a node stands under inside a loop, innermost first. */
function armsAround(node: Node, loop: Node): Arm[] {
  const found: Arm[] = [];
  for (let at: Node = node; at !== loop && at.parent; at = at.parent) {
    const { parent } = at;
    if (parent.kind === "branch") {
      const around = parent.parent;
      const arm = around?.kind === "if" ? around.branches.indexOf(parent) : 0;
      found.push({ arm, isTest: parent.test === at, branch: parent });
    } else if (parent.kind === "if" && at.kind !== "branch")
      found.push({ arm: parent.branches.length, isTest: false, branch: null });
    else if (parent.kind === "conditional" && parent.test !== at) found.push({ arm: 0, isTest: false, branch: null });
  }
  return found;
}

/** A loop inside the round that needs an order of its own: it stops early, or changes what it goes through. */
export function hasOrderInside(func: Func, loop: ItemLoop, { at }: Cost): boolean {
  for (const inner of loopsAround(at.node)) {
    if (inner === loop) return false;
    if (inner.kind === "for" && (independence(func, inner) === null || changesItsElements(func, inner))) return true;
  }
  return false;
}

/** `for one in items: … items.remove(one)`. */
export function changesItsElements(func: Func, loop: ItemLoop): boolean {
  if (loop.kind !== "for") return false;
  const text = (node: Node): string => func.module.text.slice(node.start, node.end);
  const sources = new Set(
    [loop.iter, ...within(loop.iter)]
      .filter(({ kind }) => kind === "name" || kind === "attribute")
      .map((node) => text(node)),
  );
  return bodyOf(loop).some(
    (node) =>
      node.kind === "call" &&
      node.callee.kind === "attribute" &&
      REMOVES.has(node.callee.attr) &&
      sources.has(text(node.callee.value)),
  );
}

const REMOVES = new Set(["remove", "pop", "popleft", "insert", "append", "extend", "clear"]);

function bodyOf({ body }: For): Node[] {
  return body.flatMap((statement): Node[] => [statement, ...within(statement)]);
}

/** Elements that come out of one decoder, each from where the last one left it. */
export function comesFromDecoder({ inference, origins }: Runtime, iter: Expression): boolean {
  const sources = [iter, ...origins.of(iter).map(({ expression }) => expression)];
  return sources.some((source) =>
    [source, ...within(source)].some(
      (node) => node.kind === "call" && inference.names(node.callee).some(({ name }) => DECODERS.test(name)),
    ),
  );
}

const DECODERS =
  /^(?:PIL\.ImageSequence\.|cv2\.VideoCapture|imageio\.(?:v2\.|v3\.)?(?:get_reader|imiter|imopen)|av\.|tarfile\.|zipfile\.)/;
