import type { Layout } from "./layout.ts";
import type { Library } from "./library.ts";
import type { Binding, Module } from "./module.ts";
import { library, type Value } from "./value.ts";

/** A name taken by `from … import`. */
type FromBinding = Binding & { kind: "from" };

/** Where the names of a module that is imported lead. */
interface Definition {
  module: Module;
  bindings: readonly Binding[];
}

/** What the reading of imports needs of the inference. */
interface Names {
  modules: ReadonlyMap<string, Module>;
  layout: Layout;
  lib: Library;
  combine(bindings: readonly Binding[]): readonly Value[];
  /** Evaluates unless the same question is being answered already. */
  guarded(key: string, compute: () => readonly Value[]): readonly Value[];
}

/** Follows imports: to modules of the project, through packages and star imports, and to libraries. */
export interface Imports {
  /** What `module.id` stands for, seen from outside. */
  exported(module: Module, id: string): readonly Value[];
  /** What a name may be that only a star import can bring; `null` if none does. */
  starValues(module: Module, id: string): readonly Value[] | null;
  importedModule(from: Module, module: string, level: number): readonly Value[];
  importedName(from: Module, binding: FromBinding): readonly Value[];
  /** Where the project defines the name; `null` if it does not. */
  definition(from: Module, binding: FromBinding): Definition | null;
}

const DEEPEST_STARS = 5;

/** Builds the answers. */
export function importsOf({ modules, layout, lib, combine, guarded }: Names): Imports {
  const moduleValue = (path: string | null): readonly Value[] => {
    const target = path === null ? undefined : modules.get(path);
    return target ? [{ kind: "module", module: target, doubt: 0 }] : [];
  };

  const starValues = (module: Module, id: string): readonly Value[] | null => {
    for (const star of module.scope.stars) {
      const path = layout.resolve(module.path, star.module, star.level);
      const target = path === null ? null : modules.get(path);
      if (target) {
        const found = guarded(`star:${target.path}:${id}`, () => exported(target, id));
        if (found.length > 0) return found;
      } else if (star.level === 0) {
        const name = lib.canonical(`${star.module}.${id}`);
        if (lib.tables.isKnown(name) || lib.tables.returns.has(name)) return [library(name)];
      }
    }
    return null;
  };

  /** What `module.id` stands for, seen from outside. */
  const exported = (module: Module, id: string): readonly Value[] => {
    const found = module.scope.names.get(id);
    if (found && found.length > 0) return guarded(`${module.path}:${id}`, () => combine(found));
    const starred = starValues(module, id);
    if (starred) return starred;
    if (module.isPackage) {
      return moduleValue(layout.resolve(module.path, id, 1));
    }
    return [];
  };

  /** The bindings of a module's name, through its star imports. */
  const definedIn = (module: Module, name: string, depth: number): Definition | null => {
    const bindings = module.scope.names.get(name);
    if (bindings) return { module, bindings };
    if (depth === 0) return null;
    for (const star of module.scope.stars) {
      const path = layout.resolve(module.path, star.module, star.level);
      const target = path === null ? undefined : modules.get(path);
      const found = target ? definedIn(target, name, depth - 1) : null;
      if (found) return found;
    }
    return null;
  };

  const importedModule = (from: Module, module: string, level: number): readonly Value[] => {
    const path = layout.resolve(from.path, module, level);
    if (path !== null) return moduleValue(path);
    return level > 0 ? [] : [library(lib.canonical(module))];
  };

  const importedName = (from: Module, { module, name, level }: FromBinding): readonly Value[] => {
    const path = layout.resolve(from.path, module, level);
    const target = path === null ? undefined : modules.get(path);
    if (target && target !== from) {
      const found = exported(target, name);
      if (found.length > 0) return found;
    }
    const submodule = moduleValue(layout.resolve(from.path, module === "" ? name : `${module}.${name}`, level));
    if (submodule.length > 0) return submodule;
    return level > 0 || path !== null ? [] : libraryMember(module, name);
  };

  const libraryMember = (module: string, name: string): readonly Value[] => {
    const full = lib.canonical(`${module}.${name}`);
    const dot = full.lastIndexOf(".");
    const typed = lib.tables.attributes.get(full);
    if (typed !== undefined && dot > 0) return lib.attribute(full.slice(0, dot), full.slice(dot + 1), null) ?? [];
    return [library(full)];
  };

  const definition = (from: Module, { module, name, level }: FromBinding): Definition | null => {
    const path = layout.resolve(from.path, module, level);
    const target = path === null ? undefined : modules.get(path);
    return target && target !== from ? definedIn(target, name, DEEPEST_STARS) : null;
  };

  return { exported, starValues, importedModule, importedName, definition };
}
