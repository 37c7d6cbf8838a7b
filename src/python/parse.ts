import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Language, Parser, Tree, TreeCursor } from "web-tree-sitter";
import { plainString } from "./literals.ts";

/**
 * A concrete syntax tree as plain numbers, so that the WebAssembly tree can be deleted at once and a worker can hand it over without copying.
 * Nodes stand in preorder, `STRIDE` numbers each: node type, field, start and end offset (UTF-16 units), index of the next node outside the subtree.
 */
export interface FlatTree {
  nodes: Int32Array;
  count: number;
  /** Start and end offsets of the comments, in order. */
  comments: Int32Array;
  /** Start and end offsets of the spots that could not be parsed, in order. */
  errors: Int32Array;
}

export const STRIDE = 5;

/** Names of the grammar's node types and fields by their numbers. */
export interface Grammar {
  types: readonly string[];
  fields: readonly (string | null)[];
}

/** Parses Python text within a time limit; `null` when the limit is hit. One parser serves one thread. */
export interface PythonParser {
  grammar: Grammar;
  parse(text: string): FlatTree | null;
}

/** No single file may take longer, so that a hostile one cannot stall the review. */
const PARSE_LIMIT_MS = 4000;

/** Anonymous tokens that carry meaning; all others (commas, brackets, keywords) are left out of the flat tree. */
const MEANINGFUL_TOKENS = new Set(["async", "from", "not", "except*"]);
/** Nodes whose inside says nothing to us. */
const LEAVES = new Set(["string_content", "type_conversion", "format_specifier", "identifier", "integer", "float"]);

/** Loads the grammar; files beside the bundle come first, else the installed packages. */
export async function loadParser(): Promise<PythonParser> {
  const { ParserClass, LanguageClass } = await loadRuntime();
  await ParserClass.init();
  const language = await LanguageClass.load(
    locate("tree-sitter-python.wasm", "tree-sitter-python/tree-sitter-python.wasm"),
  );
  const parser = new ParserClass();
  parser.setLanguage(language);
  const grammar = grammarOf(language);
  const shape = shapeOf(language);
  return { grammar, parse: (text) => parseFlat(parser, shape, text) };
}

async function loadRuntime(): Promise<{ ParserClass: typeof Parser; LanguageClass: typeof Language }> {
  const url = pathToFileURL(locate("web-tree-sitter.js", "web-tree-sitter")).href;
  const module: typeof import("web-tree-sitter") = await import(/* webpackIgnore: true */ url);
  return { ParserClass: module.Parser, LanguageClass: module.Language };
}

function locate(beside: string, installed: string): string {
  const bundled = join(dirname(fileURLToPath(import.meta.url)), beside);
  return existsSync(bundled) ? bundled : createRequire(import.meta.url).resolve(installed);
}

function grammarOf(language: Language): Grammar {
  const types: string[] = [];
  for (let id = 0; id < language.nodeTypeCount; id++) types.push(language.nodeTypeForId(id) ?? "");
  const fields: (string | null)[] = [];
  for (let id = 0; id <= language.fieldCount; id++) fields.push(language.fieldNameForId(id));
  return { types, fields };
}

/** Anonymous tokens that may stand in a field, as an operator does; the others are not asked for theirs, which is most of the time saved. */
const OPERATORS = /^(?:and|or|not|in|is|not in|is not|[^\w\s,.:;()[\]{}"']+)$/;

/** What to do with each node type: leave it out (unless it stands in a field), take it without its inside, or enter it. */
const OUT = 0;
const LEAF = 1;
const ENTER = 2;
const COMMENT = 3;
const OPERATOR = 4;
const STRING = 5;

interface Shape {
  action: Uint8Array;
  error: number;
}

function shapeOf(language: Language): Shape {
  const action = new Uint8Array(language.nodeTypeCount);
  let error = 65535;
  for (let id = 0; id < language.nodeTypeCount; id++) {
    const type = language.nodeTypeForId(id) ?? "";
    if (type === "ERROR") error = id;
    if (type === "comment") action[id] = COMMENT;
    else if (type === "string") action[id] = STRING;
    else if (LEAVES.has(type)) action[id] = LEAF;
    else if (language.nodeTypeIsNamed(id)) action[id] = ENTER;
    else action[id] = MEANINGFUL_TOKENS.has(type) ? LEAF : OPERATORS.test(type) ? OPERATOR : OUT;
  }
  return { action, error };
}

function parseFlat(parser: Parser, shape: Shape, text: string): FlatTree | null {
  const deadline = performance.now() + PARSE_LIMIT_MS;
  const tree = parser.parse(text, null, { progressCallback: () => performance.now() > deadline });
  if (!tree) {
    parser.reset();
    return null;
  }
  try {
    return flatten(tree, shape, text);
  } finally {
    tree.delete();
  }
}

function flatten(tree: Tree, shape: Shape, text: string): FlatTree {
  const cursor = tree.walk();
  try {
    return walk(cursor, shape, text, tree.rootNode.hasError);
  } finally {
    cursor.delete();
  }
}

function walk(cursor: TreeCursor, { action, error }: Shape, text: string, hasErrors: boolean): FlatTree {
  let nodes = new Int32Array(Math.max(1024, text.length));
  let count = 0;
  const comments: number[] = [];
  const errors: number[] = [];
  const open: number[] = [];
  for (;;) {
    const type = cursor.nodeTypeId;
    // An ERROR node has a number outside the grammar's table.
    const isError = type === error || type >= action.length;
    const act = isError ? ENTER : (action[type] ?? OUT);
    const field = act === OUT || act === COMMENT ? 0 : cursor.currentFieldId;
    let entered = false;
    if (act === COMMENT) comments.push(cursor.startIndex, cursor.endIndex);
    else if (act === LEAF || act === ENTER || act === STRING || field !== 0) {
      const start = cursor.startIndex;
      const end = cursor.endIndex;
      if (hasErrors && (isError || cursor.nodeIsMissing)) errors.push(start, end);
      const at = count * STRIDE;
      if (at + STRIDE > nodes.length) {
        const grown = new Int32Array(nodes.length * 2);
        grown.set(nodes);
        nodes = grown;
      }
      nodes[at] = isError ? -1 : type;
      nodes[at + 1] = field;
      nodes[at + 2] = start;
      nodes[at + 3] = end;
      nodes[at + 4] = count + 1;
      // The text of a string without holes says all.
      const enters = act === ENTER || (act === STRING && plainString(text, start, end) === null);
      if (enters && cursor.gotoFirstChild()) {
        open.push(count);
        entered = true;
      }
      count++;
    }
    if (entered) continue;
    while (!cursor.gotoNextSibling()) {
      if (!cursor.gotoParent()) return finish(nodes, count, comments, errors);
      const parent = open.pop();
      if (parent !== undefined) nodes[parent * STRIDE + 4] = count;
      if (open.length === 0) return finish(nodes, count, comments, errors);
    }
  }
}

function finish(nodes: Int32Array, count: number, comments: number[], errors: number[]): FlatTree {
  return {
    nodes: nodes.slice(0, count * STRIDE),
    count,
    comments: Int32Array.from(comments),
    errors: Int32Array.from(errors),
  };
}
