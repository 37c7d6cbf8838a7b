import { type Built, partsOf } from "./flat.ts";
import { isArgument, isExpression, isParameter, isStatement } from "./kinds.ts";
import { numberOf, plainString, unescaped } from "./literals.ts";
import type { FlatTree, Grammar } from "./parse.ts";
import type {
  Branch,
  Case,
  Clause,
  Expression,
  FunctionDef,
  Handler,
  ModuleNode,
  Node,
  Statement,
  WithItem,
} from "./syntax.ts";

/** A lowered file: its tree, and whether nesting was so deep that parts were left out. */
export interface Lowered {
  tree: ModuleNode;
  truncated: boolean;
}

/** Deeper trees are cut, so that recursive analyses cannot overflow the stack; people do not write such code, generators and attackers do. */
const MAX_HEIGHT = 400;

/** Lowers a flat concrete tree to our syntax tree, bottom-up and without recursion. */
export function lower(flat: FlatTree, grammar: Grammar, text: string): Lowered {
  const { count } = flat;
  const built: Built[] = new Array(count).fill(null);
  const height = new Uint16Array(count);
  let truncated = false;

  const {
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
  } = partsOf(flat, grammar, text, built);
  const clausesOf = (i: number): Clause[] => {
    const clauses: Clause[] = [];
    for (const c of kids(i)) {
      const node = built[c];
      if (!node || Array.isArray(node)) continue;
      if (node.kind === "clause") clauses.push(node);
      else if (typeOf(c) === "if_clause" && isExpression(node)) clauses.at(-1)?.conditions.push(node);
    }
    return clauses;
  };
  const comprehension = (i: number, flavour: "list" | "set" | "dict" | "generator"): Expression => {
    const start = startOf(i);
    const end = endOf(i);
    const body = kid(i, "body");
    const pair = body === null ? null : built[body];
    const [element, value] = Array.isArray(pair) ? pair : [];
    return {
      kind: "comprehension",
      start,
      end,
      parent: null,
      flavour,
      element: element && isExpression(element) ? element : expression(body, i),
      value: value && isExpression(value) ? value : null,
      clauses: clausesOf(i),
    };
  };
  const stringOf = (i: number): Expression => {
    const [start, end] = [startOf(i), endOf(i)];
    const plain = nextOf(i) === i + 1 ? plainString(text, start, end) : null;
    if (plain)
      return { kind: "string", start, end, parent: null, value: plain.value, bytes: plain.prefix.includes("b") };
    let prefix = "";
    let value = "";
    let holes = false;
    const parts: Expression[] = [];
    for (let c = i + 1, last = nextOf(i); c < last; c = nextOf(c)) {
      const type = typeOf(c);
      if (type === "string_start") prefix = slice(c).toLowerCase();
      else if (type === "string_content") {
        const text = unescaped(slice(c), prefix.includes("r"));
        value += text;
        parts.push({ kind: "string", start: startOf(c), end: endOf(c), parent: null, value: text, bytes: false });
      } else if (type === "interpolation") {
        holes = true;
        parts.push(expression(kid(c, "expression"), c));
      }
    }
    return holes
      ? { kind: "fstring", start, end, parent: null, parts }
      : { kind: "string", start, end, parent: null, value, bytes: prefix.includes("b") };
  };
  const concatenated = (i: number): Expression => {
    const start = startOf(i);
    const end = endOf(i);
    const parts = expressionsOf(i);
    if (parts.every((part) => part.kind === "string")) {
      const value = parts.map((part) => (part.kind === "string" ? part.value : "")).join("");
      return {
        kind: "string",
        start,
        end,
        parent: null,
        value,
        bytes: parts[0]?.kind === "string" && parts[0].bytes,
      };
    }
    return {
      kind: "fstring",
      start,
      end,
      parent: null,
      parts: parts.flatMap((part) => (part.kind === "fstring" ? part.parts : [part])),
    };
  };
  const asPattern = (i: number): WithItem => {
    const alias = kid(i, "alias");
    return {
      kind: "withitem",
      start: startOf(i),
      end: endOf(i),
      parent: null,
      context: first(i),
      target: optional(alias),
    };
  };

  const build = (i: number): Built => {
    const start = startOf(i);
    const end = endOf(i);
    const type = typeOf(i);
    switch (type) {
      case "identifier":
        return nameAt(i);
      case "dotted_name":
        return dottedExpression(i);
      case "attribute": {
        const attr = kid(i, "attribute");
        return {
          kind: "attribute",
          start,
          end,
          parent: null,
          value: expression(kid(i, "object"), i),
          attr: attr === null ? "" : slice(attr),
        };
      }
      case "member_type": {
        const attr = kids(i).at(-1);
        return {
          kind: "attribute",
          start,
          end,
          parent: null,
          value: first(i),
          attr: attr === undefined ? "" : slice(attr),
        };
      }
      case "call": {
        const args = kid(i, "arguments");
        const node = args === null ? null : built[args];
        const generator = node && !Array.isArray(node) && isExpression(node) ? node : null;
        return {
          kind: "call",
          start,
          end,
          parent: null,
          callee: expression(kid(i, "function"), i),
          args: generator
            ? [
                {
                  kind: "argument",
                  start: generator.start,
                  end: generator.end,
                  parent: null,
                  name: null,
                  stars: 0,
                  value: generator,
                },
              ]
            : list(args, isArgument),
        };
      }
      case "argument_list":
        return argumentsOf(i);
      case "keyword_argument": {
        const name = kid(i, "name");
        return {
          kind: "argument",
          start,
          end,
          parent: null,
          name: name === null ? "" : slice(name),
          stars: 0,
          value: expression(kid(i, "value"), i),
        };
      }
      case "dictionary_splat":
        return { kind: "argument", start, end, parent: null, name: null, stars: 2, value: first(i) };
      case "list_splat":
      case "list_splat_pattern":
      case "dictionary_splat_pattern":
      case "parenthesized_list_splat":
        return { kind: "starred", start, end, parent: null, value: first(i) };
      case "subscript":
        return {
          kind: "subscript",
          start,
          end,
          parent: null,
          value: expression(kid(i, "value"), i),
          indices: kids(i)
            .filter((c) => fieldOf(c) === "subscript")
            .map((c) => expression(c, i)),
        };
      case "generic_type": {
        const [base, ...rest] = kids(i);
        const parameters = rest.flatMap((c) => (typeOf(c) === "type_parameter" ? list(c, isExpression) : []));
        return { kind: "subscript", start, end, parent: null, value: expression(base ?? null, i), indices: parameters };
      }
      case "type_parameter":
        return expressionsOf(i);
      case "union_type": {
        const [left, right] = expressionsOf(i);
        return left && right ? { kind: "binary", start, end, parent: null, op: "|", left, right } : opaque(i);
      }
      case "slice":
        return { kind: "slice", start, end, parent: null, parts: expressionsOf(i) };
      case "string":
        return stringOf(i);
      case "concatenated_string":
        return concatenated(i);
      case "integer":
      case "float":
        return { kind: "number", start, end, parent: null, value: numberOf(slice(i)) };
      case "true":
        return { kind: "constant", start, end, parent: null, value: true };
      case "false":
        return { kind: "constant", start, end, parent: null, value: false };
      case "none":
        return { kind: "constant", start, end, parent: null, value: null };
      case "ellipsis":
        return { kind: "constant", start, end, parent: null, value: "..." };
      case "tuple":
      case "tuple_pattern":
      case "pattern_list":
        return sequence(i, "tuple");
      case "expression_list":
        return joined(i, expressionsOf(i));
      case "list":
      case "list_pattern":
        return sequence(i, "list");
      case "set":
        return sequence(i, "set");
      case "dictionary": {
        const keys: (Expression | null)[] = [];
        const values: Expression[] = [];
        for (const c of kids(i)) {
          const node = built[c];
          if (Array.isArray(node)) {
            const [key, value] = node;
            if (key && value && isExpression(key) && isExpression(value)) {
              keys.push(key);
              values.push(value);
            }
          } else if (node?.kind === "argument") {
            keys.push(null);
            values.push(node.value);
          }
        }
        return { kind: "dict", start, end, parent: null, keys, values };
      }
      case "pair":
        return [expression(kid(i, "key"), i), expression(kid(i, "value"), i)];
      case "parenthesized_expression":
      case "interpolation":
      case "as_pattern_target":
      case "type":
      case "chevron":
      case "decorator":
      case "if_clause":
      case "with_clause_item":
        return first(i);
      case "binary_operator": {
        const op = kid(i, "operator");
        return {
          kind: "binary",
          start,
          end,
          parent: null,
          op: op === null ? "" : slice(op),
          left: expression(kid(i, "left"), i),
          right: expression(kid(i, "right"), i),
        };
      }
      case "boolean_operator": {
        const op = kid(i, "operator");
        return {
          kind: "boolean",
          start,
          end,
          parent: null,
          op: op === null ? "" : slice(op),
          left: expression(kid(i, "left"), i),
          right: expression(kid(i, "right"), i),
        };
      }
      case "unary_operator": {
        const op = kid(i, "operator");
        return {
          kind: "unary",
          start,
          end,
          parent: null,
          op: op === null ? "" : slice(op),
          operand: expression(kid(i, "argument"), i),
        };
      }
      case "not_operator":
        return { kind: "unary", start, end, parent: null, op: "not", operand: expression(kid(i, "argument"), i) };
      case "comparison_operator":
        return {
          kind: "compare",
          start,
          end,
          parent: null,
          ops: kids(i)
            .filter((c) => fieldOf(c) === "operators")
            .map((c) => slice(c).replace(/\s+/g, " ")),
          operands: expressionsOf(i),
        };
      case "conditional_expression": {
        const [body, test, orelse] = expressionsOf(i);
        return body && test && orelse
          ? { kind: "conditional", start, end, parent: null, test, body, orelse }
          : opaque(i);
      }
      case "lambda":
        return {
          kind: "lambda",
          start,
          end,
          parent: null,
          params: list(kid(i, "parameters"), isParameter),
          body: expression(kid(i, "body"), i),
        };
      case "parameters":
      case "lambda_parameters":
        return parametersOf(i);
      case "await":
        return { kind: "await", start, end, parent: null, value: first(i) };
      case "yield":
        return {
          kind: "yield",
          start,
          end,
          parent: null,
          value: joined(i, expressionsOf(i)),
          from: hasToken(i, "from"),
        };
      case "named_expression": {
        const name = kid(i, "name");
        const value = expression(kid(i, "value"), i);
        return name === null ? value : { kind: "walrus", start, end, parent: null, target: nameAt(name), value };
      }
      case "list_comprehension":
        return comprehension(i, "list");
      case "set_comprehension":
        return comprehension(i, "set");
      case "dictionary_comprehension":
        return comprehension(i, "dict");
      case "generator_expression":
        return comprehension(i, "generator");
      case "for_in_clause":
        return {
          kind: "clause",
          start,
          end,
          parent: null,
          target: expression(kid(i, "left"), i),
          iter: expression(kid(i, "right"), i),
          isAsync: hasToken(i, "async"),
          conditions: [],
        };

      case "module":
        return { kind: "module", start: 0, end: text.length, parent: null, body: block(i) };
      case "block":
      case "ERROR":
        return type === "ERROR" ? recovered(i) : null;
      case "expression_statement":
        return statement(i);
      case "function_definition":
        return functionOf(i);
      case "class_definition": {
        const name = kid(i, "name");
        return {
          kind: "class",
          start,
          end,
          parent: null,
          name: name === null ? "" : slice(name),
          bases: list(kid(i, "superclasses"), isArgument),
          body: block(kid(i, "body")),
          decorators: [],
        };
      }
      case "decorated_definition": {
        const definition = kid(i, "definition");
        const node = definition === null ? null : built[definition];
        if (!node || Array.isArray(node) || (node.kind !== "function" && node.kind !== "class")) return recovered(i);
        node.decorators = kids(i)
          .filter((c) => typeOf(c) === "decorator")
          .map((c) => expression(c, i));
        return node;
      }
      case "assignment":
        return assignment(i);
      case "augmented_assignment": {
        const op = kid(i, "operator");
        return {
          kind: "augassign",
          start,
          end,
          parent: null,
          target: expression(kid(i, "left"), i),
          op: op === null ? "" : slice(op),
          value: expression(kid(i, "right"), i),
        };
      }
      case "return_statement":
        return { kind: "return", start, end, parent: null, value: joined(i, expressionsOf(i)) };
      case "raise_statement": {
        const cause = kid(i, "cause");
        const value = kids(i).find((c) => c !== cause && typeOf(c) !== "from");
        return { kind: "raise", start, end, parent: null, value: optional(value ?? null), cause: optional(cause) };
      }
      case "assert_statement": {
        const [test, message] = expressionsOf(i);
        return { kind: "assert", start, end, parent: null, test: test ?? opaque(i), message: message ?? null };
      }
      case "delete_statement":
        return {
          kind: "delete",
          start,
          end,
          parent: null,
          targets: expressionsOf(i).flatMap((one) => (one.kind === "tuple" ? one.items : [one])),
        };
      case "pass_statement":
        return { kind: "pass", start, end, parent: null };
      case "break_statement":
        return { kind: "break", start, end, parent: null };
      case "continue_statement":
        return { kind: "continue", start, end, parent: null };
      case "global_statement":
      case "nonlocal_statement":
        return {
          kind: type === "global_statement" ? "global" : "nonlocal",
          start,
          end,
          parent: null,
          names: kids(i)
            .filter((c) => typeOf(c) === "identifier")
            .map(slice),
        };
      case "import_statement":
        return { kind: "import", start, end, parent: null, names: importNames(i) };
      case "future_import_statement":
        return { kind: "importfrom", start, end, parent: null, module: "__future__", level: 0, names: importNames(i) };
      case "import_from_statement": {
        const module = kid(i, "module_name");
        const source = module === null ? "" : dotted(module);
        const level = /^\.*/.exec(source)?.[0].length ?? 0;
        const star = kids(i).some((c) => typeOf(c) === "wildcard_import");
        return {
          kind: "importfrom",
          start,
          end,
          parent: null,
          module: source.slice(level),
          level,
          names: star ? null : importNames(i),
        };
      }
      case "if_statement": {
        const branches: Branch[] = [branchOf(i)];
        let orelse: Statement[] = [];
        for (const c of kids(i)) {
          const node = built[c];
          if (node && !Array.isArray(node) && node.kind === "branch") branches.push(node);
          else if (typeOf(c) === "else_clause") orelse = block(kid(c, "body"));
        }
        return { kind: "if", start, end, parent: null, branches, orelse };
      }
      case "elif_clause":
        return branchOf(i);
      case "for_statement":
        return {
          kind: "for",
          start,
          end,
          parent: null,
          target: expression(kid(i, "left"), i),
          iter: expression(kid(i, "right"), i),
          body: block(kid(i, "body")),
          orelse: elseOf(i),
          isAsync: hasToken(i, "async"),
        };
      case "while_statement":
        return {
          kind: "while",
          start,
          end,
          parent: null,
          test: expression(kid(i, "condition"), i),
          body: block(kid(i, "body")),
          orelse: elseOf(i),
        };
      case "try_statement":
        return {
          kind: "try",
          start,
          end,
          parent: null,
          body: block(kid(i, "body")),
          handlers: kids(i).flatMap((c) => {
            const node = built[c];
            return node && !Array.isArray(node) && node.kind === "handler" ? [node] : [];
          }),
          orelse: elseOf(i),
          final: kids(i).flatMap((c) => (typeOf(c) === "finally_clause" ? innerBlock(c) : [])),
        };
      case "except_clause":
      case "except_group_clause":
        return handlerOf(i);
      case "with_statement": {
        const clause = kids(i).find((c) => typeOf(c) === "with_clause");
        const items = clause === undefined ? [] : withItems(clause);
        return {
          kind: "with",
          start,
          end,
          parent: null,
          items,
          body: block(kid(i, "body")),
          isAsync: hasToken(i, "async"),
        };
      }
      case "with_item": {
        const value = kid(i, "value");
        if (value !== null && typeOf(value) === "as_pattern") return asPattern(value);
        return { kind: "withitem", start, end, parent: null, context: expression(value, i), target: null };
      }
      case "as_pattern":
        return asPattern(i);
      case "match_statement": {
        const body = kid(i, "body");
        const cases = (body === null ? [] : kids(body)).flatMap((c) => {
          const node = built[c];
          return node && !Array.isArray(node) && node.kind === "case" ? [node] : [];
        });
        const subjects = kids(i)
          .filter((c) => fieldOf(c) === "subject")
          .map((c) => expression(c, i));
        return { kind: "match", start, end, parent: null, subject: joined(i, subjects) ?? opaque(i), cases };
      }
      case "case_clause":
        return caseOf(i);
      case "print_statement":
      case "exec_statement":
        return { kind: "expression", start, end, parent: null, value: opaque(i) };
      case "type_alias_statement":
        return { kind: "pass", start, end, parent: null };
      default:
        return null;
    }
  };

  function dottedExpression(i: number): Expression {
    const parts = kids(i);
    const [head] = parts;
    if (head === undefined) return opaque(i);
    let value: Expression = nameAt(head);
    for (const c of parts.slice(1))
      value = { kind: "attribute", start: value.start, end: endOf(c), parent: null, value, attr: slice(c) };
    return value;
  }

  /** What can be saved of a spot that did not parse: its intact statements, else its expressions. */
  function recovered(i: number): Node[] {
    return kids(i).flatMap((c): Node[] => {
      const node = built[c];
      if (Array.isArray(node)) return node.filter((one) => isStatement(one) || isExpression(one));
      return node && (isStatement(node) || isExpression(node)) ? [node] : typeOf(c) === "block" ? block(c) : [];
    });
  }

  function statement(i: number): Built {
    const [only] = kids(i);
    const node = only === undefined ? null : built[only];
    if (node && !Array.isArray(node) && isStatement(node)) return node;
    const value = joined(i, expressionsOf(i));
    return value ? { kind: "expression", start: startOf(i), end: endOf(i), parent: null, value } : null;
  }

  /** The condition of an `if` or `elif` with its block. */
  function branchOf(i: number): Branch {
    return {
      kind: "branch",
      start: startOf(i),
      end: endOf(i),
      parent: null,
      test: expression(kid(i, "condition"), i),
      body: block(kid(i, "consequence")),
    };
  }

  function functionOf(i: number): FunctionDef {
    const start = startOf(i);
    const end = endOf(i);
    const name = kid(i, "name");
    return {
      kind: "function",
      start,
      end,
      parent: null,
      name: name === null ? "" : slice(name),
      params: list(kid(i, "parameters"), isParameter),
      returns: optional(kid(i, "return_type")),
      body: block(kid(i, "body")),
      isAsync: hasToken(i, "async"),
      decorators: [],
    };
  }

  function assignment(i: number): Statement {
    const start = startOf(i);
    const end = endOf(i);
    const left = expression(kid(i, "left"), i);
    const annotation = optional(kid(i, "type"));
    const right = kid(i, "right");
    const node = right === null ? null : built[right];
    if (node && !Array.isArray(node) && node.kind === "assign")
      return { ...node, start, end, parent: null, targets: [left, ...node.targets], annotation };
    if (node && !Array.isArray(node) && node.kind === "augassign")
      return {
        kind: "assign",
        start,
        end,
        parent: null,
        targets: [left],
        value: node.value,
        annotation,
      };
    return {
      kind: "assign",
      start,
      end,
      parent: null,
      targets: [left],
      value: right === null ? null : expression(right, i),
      annotation,
    };
  }

  function elseOf(i: number): Statement[] {
    return kids(i).flatMap((c) => (typeOf(c) === "else_clause" ? block(kid(c, "body")) : []));
  }

  function innerBlock(i: number): Statement[] {
    return kids(i).flatMap((c) => (typeOf(c) === "block" ? block(c) : []));
  }

  function handlerOf(i: number): Handler {
    const start = startOf(i);
    const end = endOf(i);
    const value = kids(i).find((c) => typeOf(c) !== "block");
    const node = value === undefined ? null : built[value];
    const body = innerBlock(i);
    if (node && !Array.isArray(node) && node.kind === "withitem") {
      const name = node.target?.kind === "name" ? node.target.id : null;
      return { kind: "handler", start, end, parent: null, type: node.context, name, body };
    }
    const alias = kid(i, "alias");
    return {
      kind: "handler",
      start,
      end,
      parent: null,
      type:
        value === undefined
          ? null
          : joined(
              i,
              expressionsOf(i).filter((one) => alias === null || one.start !== startOf(alias)),
            ),
      name: alias === null ? null : slice(alias),
      body,
    };
  }

  function withItems(clause: number): WithItem[] {
    return kids(clause).flatMap((c): WithItem[] => {
      const node = built[c];
      if (!node || Array.isArray(node)) return [];
      if (node.kind !== "withitem")
        return isExpression(node)
          ? [{ kind: "withitem", start: startOf(c), end: endOf(c), parent: null, context: node, target: null }]
          : [];
      // `with (a as b, c as d):` may arrive as one parenthesised tuple of patterns.
      if (node.target === null && node.context.kind === "tuple")
        return node.context.items.map((item) => ({
          kind: "withitem",
          start: item.start,
          end: item.end,
          parent: null,
          context: item,
          target: null,
        }));
      return [node];
    });
  }

  function caseOf(i: number): Case {
    const start = startOf(i);
    const end = endOf(i);
    const guard = kid(i, "guard");
    const consequence = kid(i, "consequence");
    const patterns = kids(i).filter((c) => c !== guard && c !== consequence);
    return {
      kind: "case",
      start,
      end,
      parent: null,
      names: captured(i),
      guard: optional(guard),
      body: block(consequence),
      wildcard: patterns.length === 1 && /^[A-Za-z_]\w*$/.test(slice(patterns[0] ?? i)),
    };
  }

  for (let i = count - 1; i >= 0; i--) {
    let tallest = 0;
    for (let c = i + 1, end = nextOf(i); c < end; c = nextOf(c)) tallest = Math.max(tallest, height[c] ?? 0);
    height[i] = tallest + 1;
    if (tallest >= MAX_HEIGHT && typeOf(i) !== "module") {
      truncated = true;
      height[i] = 1;
      built[i] = { kind: "opaque", start: startOf(i), end: endOf(i), parent: null, parts: [] };
      continue;
    }
    built[i] = build(i);
  }
  const root = built[0];
  const tree: ModuleNode =
    root && !Array.isArray(root) && root.kind === "module"
      ? root
      : { kind: "module", start: 0, end: text.length, parent: null, body: count > 0 ? block(0) : [] };
  return { tree, truncated };
}
