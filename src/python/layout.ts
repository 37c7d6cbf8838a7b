import { push } from "../multimap.ts";
/** Finds files by what their imports say; knows all paths, loaded or not. */
export interface Layout {
  /** Importable dotted name of a file, source roots stripped. */
  nameOf(path: string): string;
  resolve(from: string, module: string, level: number): string | null;
  /** The folder of the project that a file belongs to: the nearest one with a `pyproject.toml` or the like, else the top. */
  projectOf(path: string): string;
  /** The folder nearest to a file, at or above it, below which there is Python besides the file itself: what the file most likely speaks of. */
  codeAround(path: string): string;
  /** The Python files that a module's name may mean when nobody says from where: `shop.main` is also `src/shop/main.py`. */
  named(module: string): string[];
}

const MARKERS = ["pyproject.toml", "setup.py", "setup.cfg"];

/** Reads the layout from the paths alone. `isLibrary` says which top-level names belong to known libraries: those win over files that only happen to have the name. */
export function layoutOf(paths: readonly string[], isLibrary: (top: string) => boolean): Layout {
  const files = new Set(paths.filter((path) => /\.py[iw]?$/.test(path)));
  const packages = new Set<string>();
  const roots = new Set<string>(["", "src"]);
  const projects = new Set<string>([""]);
  for (const path of paths) {
    const { folder, file } = split(path);
    if (file === "__init__.py") packages.add(folder);
    if (MARKERS.includes(file)) {
      projects.add(folder);
      roots.add(folder);
      roots.add(join(folder, "src"));
    }
  }
  /** Files by the last part of their module name, so that a root need not be known in advance. */
  const byTail = new Map<string, string[]>();
  for (const path of files) {
    const tail = stem(path);
    push(byTail, tail, path);
  }
  const names = new Map<string, string>();
  /** By the folder that imports, the level and the module. */
  const resolved = new Map<string, string | null>();

  const nameOf = (path: string): string => {
    const known = names.get(path);
    if (known !== undefined) return known;
    const { folder, file } = split(path);
    const parts = file === "__init__.py" || file === "__init__.pyi" ? [] : [file.replace(/\.py[iw]?$/, "")];
    let at = folder;
    while (at !== "" && !roots.has(at)) {
      const { folder: above, file: name } = split(at);
      if (!/^[A-Za-z_]\w*$/.test(name) || (name === "src" && !packages.has(at))) break;
      parts.unshift(name);
      at = above;
    }
    const name = parts.join(".") || stem(path);
    names.set(path, name);
    return name;
  };

  const fileOf = (base: string): string | null =>
    [`${base}/__init__.py`, `${base}.py`, `${base}.pyi`]
      .map((path) => path.replace(/^\//, ""))
      .find((path) => files.has(path)) ?? null;

  const resolve = (from: string, module: string, level: number): string | null => {
    const key = `${split(from).folder} ${level} ${module}`;
    const known = resolved.get(key);
    if (known !== undefined) return known;
    const found = locate(from, module, level);
    resolved.set(key, found);
    return found;
  };

  const locate = (from: string, module: string, level: number): string | null => {
    const { folder } = split(from);
    if (level > 0) {
      let at = folder;
      for (let i = 1; i < level; i++) at = split(at).folder;
      return fileOf(module === "" ? at : join(at, module.replaceAll(".", "/")));
    }
    const relative = module.replaceAll(".", "/");
    const tail = module.slice(module.lastIndexOf(".") + 1);
    const top = module.split(".")[0] ?? module;
    let best: string | null = null;
    let bestScore = -1;
    for (const path of byTail.get(tail) ?? []) {
      const base = path.replace(/\/__init__\.pyi?$/, "").replace(/\.py[iw]?$/, "");
      if (base !== relative && !base.endsWith(`/${relative}`)) continue;
      const root = base === relative ? "" : base.slice(0, -relative.length - 1);
      const score = plausible(root, from, top);
      if (score > bestScore || (score === bestScore && best !== null && path < best && !path.endsWith(".pyi"))) {
        best = path;
        bestScore = score;
      }
    }
    return bestScore > 0 ? best : null;
  };

  /** How likely `root` is on the path that the file searches: 0 never, more is better. */
  const plausible = (root: string, from: string, top: string): number => {
    if (packages.has(root) && root !== "") return 0;
    const declared = roots.has(root);
    const own = from.startsWith(root === "" ? "" : `${root}/`);
    if (isLibrary(top) && !(declared && packages.has(join(root, top)))) return 0;
    if (declared && own) return 1000 + root.length;
    if (own) return 500 + root.length;
    if (declared) return 100;
    return 0;
  };

  const projectOf = (path: string): string => {
    let at = split(path).folder;
    while (!projects.has(at)) at = split(at).folder;
    return at;
  };

  /** How many Python files lie below each folder. */
  const counts = new Map<string, number>();
  for (const path of files)
    for (let at = split(path).folder; ; at = split(at).folder) {
      counts.set(at, (counts.get(at) ?? 0) + 1);
      if (at === "") break;
    }

  const codeAround = (path: string): string => {
    const own = files.has(path) ? 1 : 0;
    let at = split(path).folder;
    while (at !== "" && (counts.get(at) ?? 0) <= own) at = split(at).folder;
    return at;
  };

  const named = (module: string): string[] =>
    (byTail.get(module.slice(module.lastIndexOf(".") + 1)) ?? []).filter((path) =>
      `.${nameOf(path)}`.endsWith(`.${module}`),
    );

  return { nameOf, resolve, projectOf, codeAround, named };
}

function split(path: string): { folder: string; file: string } {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? { folder: "", file: path } : { folder: path.slice(0, slash), file: path.slice(slash + 1) };
}

function join(folder: string, rest: string): string {
  return folder === "" ? rest : `${folder}/${rest}`;
}

function stem(path: string): string {
  const { folder, file } = split(path);
  return /^__init__\.pyi?$/.test(file) ? split(folder).file : file.replace(/\.py[iw]?$/, "");
}
