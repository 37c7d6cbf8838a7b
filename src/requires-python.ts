import { isTable } from "./values.ts";

/** The least Python 3 version that a version specifier allows, such as `3.9` for `>=3.9,<4`; `null` when it has no lower bound. */
export function lowerBound(specifier: string): string | null {
  const bounds = specifier.split(/\|\|?/).map(boundOfAll);
  if (bounds.some((bound) => bound === null)) return null;
  const least = bounds.flatMap((bound) => bound ?? []).sort((a, b) => a - b)[0];
  return least === undefined ? null : `3.${least}`;
}

/** The greatest minor version that the clauses, which all must hold, ask for at least. Python 2 counts as 3.0. */
function boundOfAll(clauses: string): number | null {
  let bound: number | null = null;
  for (const clause of clauses.matchAll(/(===?|~=|!=|[<>]=?|\^|~)?\s*v?(\d+)(?:\.(\d+|\*))?[\w.*+!-]*/g)) {
    const [, operator = "==", major = "", minor = "0"] = clause;
    if (operator === "!=" || operator.startsWith("<")) continue;
    const least = Number(major) < 3 ? 0 : minor === "*" ? 0 : Number(minor);
    if (Number(major) <= 3) bound = Math.max(bound ?? 0, least);
  }
  return bound;
}

/** What a parsed `pyproject.toml` requires: `[project]`, else Poetry's own table. */
export function requiredByPyproject(table: Record<string, unknown>): string | null {
  const project = isTable(table.project) ? table.project["requires-python"] : undefined;
  if (typeof project === "string") return lowerBound(project);
  const tool = isTable(table.tool) ? table.tool : {};
  const poetry = isTable(tool.poetry) ? tool.poetry : {};
  const python = isTable(poetry.dependencies) ? poetry.dependencies.python : undefined;
  const version = isTable(python) ? python.version : python;
  return typeof version === "string" ? lowerBound(version) : null;
}

/** What the text of a `setup.cfg` requires. */
export function requiredBySetupCfg(text: string): string | null {
  const options = /^\[options\][^\n]*\n((?:(?!\[)[^\n]*\n?)*)/m.exec(text)?.[1] ?? "";
  const value = /^python[_-]requires[ \t]*[=:][ \t]*([^\n#;]*(?:\n[ \t]+[^\n#;]+)*)/m.exec(options)?.[1];
  return value === undefined ? null : lowerBound(value);
}
