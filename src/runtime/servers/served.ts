import type { Module } from "../../python/module.ts";
import type { Runtime } from "../runtime.ts";
import type { ServerSetting } from "./server-setting.ts";

/** Whether the server loads the module: its application does, or, where that is not found, code that lies where the setting stands. */
export function serves(runtime: Runtime, setting: ServerSetting, module: Module): boolean {
  return loadedBy(runtime, setting).has(module);
}

/** Whether the server loads any module that was read. */
export function servesAny(runtime: Omit<Runtime, "servers">, setting: ServerSetting): boolean {
  return loadedBy(runtime, setting).size > 0;
}

type Known = Omit<Runtime, "servers">;

const loaded = new WeakMap<Known["inference"], Map<string, ReadonlySet<Module>>>();

function loadedBy(runtime: Known, setting: ServerSetting): ReadonlySet<Module> {
  const memo = loaded.get(runtime.inference) ?? new Map<string, ReadonlySet<Module>>();
  loaded.set(runtime.inference, memo);
  const key = `${setting.path} ${setting.app}`;
  const known = memo.get(key);
  if (known) return known;
  const found = importsOf(runtime, startsOf(runtime, setting));
  memo.set(key, found);
  return found;
}

/** The modules that the server begins with. */
function startsOf({ inference, layout }: Known, { path, app }: ServerSetting): Module[] {
  const name = app?.split(":")[0];
  const all = [...inference.modules.values()];
  if (name !== undefined) {
    const file = layout.resolve(path, name, 0);
    if (file !== null) return all.filter((one) => one.path === file);
    const named = all.find((one) => one.name === name || one.name.endsWith(`.${name}`));
    if (named) return [named];
  }
  const area = layout.codeAround(path);
  return all.filter((one) => area === "" || one.path.startsWith(`${area}/`));
}

/** The modules that are loaded with some. Packages that load their parts by name count as loaded whole. */
function importsOf({ inference }: Known, starts: readonly Module[]): ReadonlySet<Module> {
  const found = new Set(starts);
  const tops = new Set(starts.map(packageOf));
  for (const one of inference.modules.values()) if (tops.has(packageOf(one))) found.add(one);
  for (const module of found)
    for (const scope of module.scopes.values())
      for (const bindings of scope.names.values())
        for (const binding of bindings) {
          if (binding.kind === "from") {
            const target = inference.exported(binding);
            if (target) found.add(target.module);
          }
          if (binding.kind !== "from" && binding.kind !== "import") continue;
          for (const value of inference.bound(binding)) if (value.kind === "module") found.add(value.module);
        }
  return found;
}

/** The outermost package that a module belongs to, by its path; a module without one stands for itself. */
function packageOf({ path, name, isPackage }: Module): string {
  const depth = name.split(".").length - (isPackage ? 0 : 1);
  const folders = path.split("/").slice(0, -1);
  return depth === 0 ? path : folders.slice(0, folders.length - depth + 1).join("/");
}
