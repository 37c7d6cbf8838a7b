import { isExpression, isStatement } from "./kinds.ts";
import { type FlatTree, type Grammar, STRIDE } from "./parse.ts";
import type { Argument, Expression, ImportName, Name, Node, Parameter, Statement } from "./syntax.ts";

/** What became of a node of the flat tree: a node of ours, several, or nothing of its own. */
export type Built = Node | Node[] | null;

/** Asks the flat tree about its nodes (by their numbers), and takes what was built of their children already. */
export function partsOf({ nodes }: FlatTree, grammar: Grammar, text: string, built: readonly Built[]) {
  const typeOf = (i: number): string => {
    const id = nodes[i * STRIDE] ?? 0;
    return id === -1 ? "ERROR" : (grammar.types[id] ?? "");
  };
  const fieldOf = (i: number): string | null => grammar.fields[nodes[i * STRIDE + 1] ?? 0] ?? null;
  const startOf = (i: number): number => nodes[i * STRIDE + 2] ?? 0;
  const endOf = (i: number): number => nodes[i * STRIDE + 3] ?? 0;
  const nextOf = (i: number): number => nodes[i * STRIDE + 4] ?? i + 1;
  const slice = (i: number): string => text.slice(startOf(i), endOf(i));

  const kids = (i: number): number[] => {
    const found: number[] = [];
    for (let c = i + 1, end = nextOf(i); c < end; c = nextOf(c)) found.push(c);
    return found;
  };
  const kid = (i: number, field: string): number | null => {
    for (let c = i + 1, end = nextOf(i); c < end; c = nextOf(c)) if (fieldOf(c) === field) return c;
    return null;
  };
  const hasToken = (i: number, token: string): boolean => {
    for (let c = i + 1, end = nextOf(i); c < end; c = nextOf(c)) if (typeOf(c) === token) return true;
    return false;
  };

  const opaque = (i: number): Expression => ({
    kind: "opaque",
    start: startOf(i),
    end: endOf(i),
    parent: null,
    parts: expressionsOf(i),
  });
  const expression = (i: number | null, owner: number): Expression => {
    const node = i === null ? null : (built[i] ?? null);
    if (node && !Array.isArray(node) && isExpression(node)) return node;
    return { kind: "opaque", start: startOf(i ?? owner), end: endOf(i ?? owner), parent: null, parts: [] };
  };
  const optional = (i: number | null): Expression | null => (i === null ? null : expression(i, i));
  const expressionsOf = (i: number): Expression[] => {
    const found: Expression[] = [];
    for (let c = i + 1, end = nextOf(i); c < end; c = nextOf(c)) {
      const node = built[c];
      if (node && !Array.isArray(node) && isExpression(node)) found.push(node);
    }
    return found;
  };
  const first = (i: number): Expression => {
    for (let c = i + 1, end = nextOf(i); c < end; c = nextOf(c)) {
      const node = built[c];
      if (node && !Array.isArray(node) && isExpression(node)) return node;
    }
    return opaque(i);
  };
  const sequence = (i: number, kind: "tuple" | "list" | "set"): Expression => ({
    kind,
    start: startOf(i),
    end: endOf(i),
    parent: null,
    items: expressionsOf(i),
  });
  /** One expression stands for itself, several (without brackets) make a tuple. */
  const joined = (i: number, found: Expression[]): Expression | null =>
    found.length <= 1
      ? (found[0] ?? null)
      : { kind: "tuple", start: startOf(i), end: endOf(i), parent: null, items: found };
  const block = (i: number | null): Statement[] => {
    if (i === null) return [];
    const body: Statement[] = [];
    const take = (one: Node): void => {
      if (isStatement(one)) body.push(one);
      else if (isExpression(one))
        body.push({ kind: "expression", start: one.start, end: one.end, parent: null, value: one });
    };
    for (let c = i + 1, end = nextOf(i); c < end; c = nextOf(c)) {
      const node = built[c];
      if (Array.isArray(node)) node.forEach(take);
      else if (node) take(node);
    }
    return body;
  };
  const list = <T extends Node>(i: number | null, is: (node: Node) => node is T): T[] => {
    const node = i === null ? null : built[i];
    return Array.isArray(node) ? node.filter(is) : [];
  };
  const dotted = (i: number): string => slice(i).replace(/[\s\\]+/g, "");
  const importNames = (i: number): ImportName[] =>
    kids(i)
      .filter((c) => fieldOf(c) === "name")
      .map((c) => {
        if (typeOf(c) !== "aliased_import") return { name: dotted(c), alias: null, start: startOf(c), end: endOf(c) };
        const name = kid(c, "name");
        const alias = kid(c, "alias");
        return {
          name: name === null ? "" : dotted(name),
          alias: alias === null ? null : slice(alias),
          start: startOf(c),
          end: endOf(c),
        };
      });
  const argumentsOf = (i: number): Argument[] => {
    const found: Argument[] = [];
    for (let c = i + 1, last = nextOf(i); c < last; c = nextOf(c)) {
      const node = built[c];
      if (!node || Array.isArray(node)) continue;
      const [start, end] = [startOf(c), endOf(c)];
      if (node.kind === "argument") found.push(node);
      else if (node.kind === "starred")
        found.push({ kind: "argument", start, end, parent: null, name: null, stars: 1, value: node.value });
      else if (isExpression(node))
        found.push({ kind: "argument", start, end, parent: null, name: null, stars: 0, value: node });
    }
    return found;
  };
  const nameAt = (i: number): Name => ({ kind: "name", start: startOf(i), end: endOf(i), parent: null, id: slice(i) });
  const parameter = (
    i: number,
    name: string,
    stars: 0 | 1 | 2,
    annotation: Expression | null,
    fallback: Expression | null,
  ): Parameter => ({
    kind: "parameter",
    start: startOf(i),
    end: endOf(i),
    parent: null,
    name,
    stars,
    keywordOnly: false,
    annotation,
    default: fallback,
  });
  const splatName = (i: number): { name: string; stars: 0 | 1 | 2 } => {
    const source = slice(i).trim();
    const stars = source.startsWith("**") ? 2 : source.startsWith("*") ? 1 : 0;
    return { name: source.replace(/^\*+\s*/, ""), stars };
  };
  const parametersOf = (i: number): Parameter[] => {
    const params: Parameter[] = [];
    let keywordOnly = false;
    for (const c of kids(i)) {
      const type = typeOf(c);
      if (type === "keyword_separator") keywordOnly = true;
      let param: Parameter | null = null;
      if (type === "identifier") param = parameter(c, slice(c), 0, null, null);
      else if (type === "default_parameter" || type === "typed_default_parameter") {
        const name = kid(c, "name");
        param = parameter(c, name === null ? "" : slice(name), 0, optional(kid(c, "type")), optional(kid(c, "value")));
      } else if (type === "typed_parameter") {
        const name = kids(c).find((k) => fieldOf(k) !== "type");
        const { name: id, stars } = name === undefined ? { name: "", stars: 0 as const } : splatName(name);
        param = parameter(c, id, stars, optional(kid(c, "type")), null);
      } else if (type === "list_splat_pattern" || type === "dictionary_splat_pattern") {
        const { name, stars } = splatName(c);
        param = parameter(c, name, stars, null, null);
      } else if (type === "tuple_pattern") param = parameter(c, "", 0, null, null);
      if (!param) continue;
      param.keywordOnly = keywordOnly && param.stars === 0;
      if (param.stars === 1) keywordOnly = true;
      params.push(param);
    }
    return params;
  };
  /** Names that a pattern binds: single identifiers that are neither a class, a keyword nor a dotted value. */
  const captured = (i: number): Name[] => {
    const names: Name[] = [];
    for (let c = i + 1, end = nextOf(i); c < end; c++) {
      const type = typeOf(c);
      if (type === "class_pattern" || type === "keyword_pattern") {
        const head = c + 1;
        if (head < nextOf(c)) c = nextOf(head) - 1;
      } else if (type === "dotted_name") {
        if (nextOf(c) - c === 2 && slice(c) !== "_") names.push(nameAt(c));
        c = nextOf(c) - 1;
      } else if (type === "splat_pattern") {
        const inner = c + 1;
        if (inner < nextOf(c) && typeOf(inner) === "identifier") names.push(nameAt(inner));
        c = nextOf(c) - 1;
      } else if (type === "identifier" && slice(c) !== "_") names.push(nameAt(c));
      else if (type === "if_clause" || type === "block") c = nextOf(c) - 1;
    }
    return names;
  };

  return {
    typeOf,
    fieldOf,
    startOf,
    endOf,
    nextOf,
    slice,
    kids,
    kid,
    hasToken,
    opaque,
    expression,
    optional,
    expressionsOf,
    first,
    sequence,
    joined,
    block,
    list,
    dotted,
    importNames,
    argumentsOf,
    nameAt,
    parametersOf,
    captured,
  };
}
