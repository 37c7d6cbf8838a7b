import type { Class, Func } from "./module.ts";
import type { Expression } from "./syntax.ts";
import type { Value } from "./value.ts";

/** What decorators make of a function. */
export interface Decoration {
  property: boolean;
  static: boolean;
  classmethod: boolean;
  abstract: boolean;
  manager: "sync" | "async" | null;
  cached: boolean;
  /** Canonical names of the library decorators, outermost first. */
  library: readonly string[];
  /** Decorators that the project defines, outermost first. */
  project: readonly Func[];
}

/** Reads decorators; the answers are remembered. */
export function decorationsOf(
  values: (expression: Expression) => readonly Value[],
  method: (cls: Class, name: string) => Func | null,
): (func: Func) => Decoration {
  const decorations = new Map<Func, Decoration>();

  const decoration = (func: Func): Decoration => {
    const known = decorations.get(func);
    if (known) return known;
    const found: Decoration = {
      property: false,
      static: false,
      classmethod: false,
      abstract: false,
      manager: null,
      cached: false,
      library: [],
      project: [],
    };
    decorations.set(func, found);
    if (func.node.kind !== "function") return found;
    const names: string[] = [];
    const project: Func[] = [];
    for (const expression of func.node.decorators) {
      const target = expression.kind === "call" ? expression.callee : expression;
      for (const value of values(target)) {
        if (value.kind === "library") names.push(value.name);
        else if (value.kind === "function") project.push(value.func);
        else if (value.kind === "class") {
          const call = method(value.cls, "__call__");
          if (call && expression.kind === "call") project.push(call);
        }
      }
    }
    for (const name of names) {
      if (
        name === "property" ||
        name === "functools.cached_property" ||
        name.endsWith(".cached_property") ||
        name.endsWith(".hybrid_property")
      )
        found.property = true;
      else if (name === "staticmethod") found.static = true;
      else if (name === "classmethod") found.classmethod = true;
      else if (name === "abc.abstractmethod" || name === "abc.abstractproperty" || name === "typing.overload")
        found.abstract = true;
      else if (name === "contextlib.contextmanager") found.manager = "sync";
      else if (name === "contextlib.asynccontextmanager") found.manager = "async";
      else if (name === "functools.lru_cache" || name === "functools.cache") found.cached = true;
    }
    if (names.includes("abc.abstractproperty")) found.property = true;
    found.library = names;
    found.project = project;
    return found;
  };

  return decoration;
}
