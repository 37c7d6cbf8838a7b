import type { Module } from "../../python/module.ts";
import type { Runtime } from "../runtime.ts";
import { applicationOf } from "../speakers.ts";
import type { ServerSetting } from "./server-setting.ts";

/** Whether the server loads the module: its application does, or, where that is not found, code that lies where the setting stands. */
export function serves(runtime: Runtime, setting: ServerSetting, module: Module): boolean {
  return loadedBy(runtime, setting).has(module);
}

const loaded = new WeakMap<Runtime, Map<string, ReadonlySet<Module>>>();

function loadedBy(runtime: Runtime, setting: ServerSetting): ReadonlySet<Module> {
  const memo = loaded.get(runtime) ?? new Map<string, ReadonlySet<Module>>();
  loaded.set(runtime, memo);
  const key = `${setting.path} ${setting.app}`;
  const known = memo.get(key);
  if (known) return known;
  const found = importsOf(runtime, startsOf(runtime, setting));
  memo.set(key, found);
  return found;
}

/** The modules that the server begins with. */
function startsOf({ inference, layout }: Runtime, setting: ServerSetting): Module[] {
  const meant = applicationOf(layout, setting);
  const area = layout.codeAround(setting.path);
  return [...inference.modules.values()].filter(({ path }) =>
    meant.length > 0 ? meant.includes(path) : area === "" || path.startsWith(`${area}/`),
  );
}

/** The modules that are loaded with some. Packages that load their parts by name count as loaded whole. */
function importsOf({ inference }: Runtime, starts: readonly Module[]): ReadonlySet<Module> {
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
