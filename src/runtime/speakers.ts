import type { Layout } from "../python/layout.ts";
import type { Module } from "../python/module.ts";
import type { ServerSetting } from "./servers/server-setting.ts";

/** What of the files beside the code speaks of the loaded modules, and not of another program in the repository. */
export interface Speakers {
  file(path: string): boolean;
  setting(setting: Pick<ServerSetting, "path" | "app">): boolean;
}

/** A file speaks of the code around and below it; a server's setting of the module that it names, wherever that lies. */
export function speakersOf(modules: ReadonlyMap<string, Module>, layout: Layout): Speakers {
  const folders = new Set([""]);
  for (const path of modules.keys())
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) folders.add(path.slice(0, at));
  const file = (path: string): boolean => folders.has(layout.codeAround(path));
  return {
    file,
    setting(setting) {
      const meant = applicationOf(layout, setting);
      return meant.length > 0 ? meant.some((one) => modules.has(one)) : file(setting.path);
    },
  };
}

/** The files that a server's setting may mean by its application: those near it, where there are some; none if it names none that is there. */
export function applicationOf(layout: Layout, setting: Pick<ServerSetting, "path" | "app">): readonly string[] {
  const memo = applications.get(layout) ?? new Map<string, readonly string[]>();
  applications.set(layout, memo);
  const key = `${setting.path} ${setting.app}`;
  const known = memo.get(key) ?? meantBy(layout, setting);
  memo.set(key, known);
  return known;
}

/** Every program of a repository asks about the same settings. */
const applications = new WeakMap<Layout, Map<string, readonly string[]>>();

function meantBy(layout: Layout, { path, app }: Pick<ServerSetting, "path" | "app">): readonly string[] {
  const all = app === null ? [] : layout.named(app.split(":", 1)[0] ?? app);
  const area = layout.codeAround(path);
  const near = all.filter((one) => area === "" || one.startsWith(`${area}/`));
  return near.length > 0 ? near : all;
}
