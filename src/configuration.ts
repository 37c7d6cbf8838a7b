import type { Change, Snapshot } from "./changes/change.ts";
import { DEFAULTS, type Settings } from "./config.ts";
import { InputError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { OPTIONS, split } from "./options.ts";
import { requiredByPyproject, requiredBySetupCfg } from "./requires-python.ts";
import { lineOf, parseToml } from "./toml.ts";
import { isTable, type Layer } from "./values.ts";

/** The Python that counts when nothing says otherwise. */
const DEFAULT_PYTHON = "3.12";

/** What the caller of a run decides. */
export interface Chosen {
  /** Options or inputs as written, by name (without dashes). Names that are no setting are passed over. */
  values: ReadonlyMap<string, string>;
  /** How the caller writes the name of one of them in a message: `--fail-on` or `input fail-on`. */
  label(name: string): string;
  /** A configuration file named by the caller, instead of those in the repository. */
  file: { path: string; text: string } | null;
  /** Folder where the search for the configuration begins; it goes up to the repository's root (`""`). */
  directory: string;
  /** The ids of all rules. */
  rules: readonly string[];
}

export interface Configured {
  /** Complete: `pythonVersion` is never `null`. */
  settings: Settings;
  /** Sentences for the report. */
  notes: string[];
}

/** Settings of an audit: the configuration is the audited tree's. */
export async function configureAudit(tree: Snapshot, chosen: Chosen): Promise<Configured> {
  const own = await configurationOf(tree, chosen);
  return { settings: await complete(own.layer, tree, chosen), notes: [] };
}

/**
 * Settings of a review: the configuration is the base's, so that a change cannot switch off its own gate. A note says when
 * the change edits it. Only where the base's is invalid and the change repairs it does the head's count.
 */
export async function configureReview(change: Change, chosen: Chosen): Promise<Configured> {
  const [before, after] = await Promise.all([
    attempt(configurationOf(change.base, chosen)),
    attempt(configurationOf(change.head, chosen)),
  ]);
  const notes: string[] = [];
  let counts = before;
  if (before instanceof InputError) {
    if (after instanceof InputError || chosen.file !== null) throw before;
    notes.push(
      `The base's configuration is invalid (${before.message}); this change repairs it, so its own version counts.`,
    );
    counts = after;
  } else if (after instanceof InputError) {
    notes.push(`This change makes the configuration invalid: ${after.message}. The base's version counts.`);
  } else if (before.text !== after.text) {
    notes.push(
      `This change edits the configuration in ${after.path ?? before.path}; the base's version counts until it is merged.`,
    );
  }
  if (counts instanceof InputError) throw counts;
  return { settings: await complete(counts.layer, change.head, chosen), notes };
}

interface Found {
  /** `null` when there is no configuration. */
  path: string | null;
  layer: Layer;
  /** The configuration alone, to compare two versions of it. */
  text: string;
}

async function complete(configuration: Layer, head: Snapshot, chosen: Chosen): Promise<Settings> {
  const settings = { ...DEFAULTS, ...configuration, ...chosenLayer(chosen) };
  if (settings.pythonVersion !== null) return settings;
  return { ...settings, pythonVersion: (await requiredPython(head, chosen.directory)) ?? DEFAULT_PYTHON };
}

function chosenLayer(chosen: Chosen): Layer {
  let layer: Layer = {};
  for (const option of OPTIONS) {
    const text = chosen.values.get(option.name);
    if (text === undefined || text === "" || option.setting === undefined) continue;
    const value = option.many === undefined ? text.trim() : split(text);
    const fault = (problem: string) => new InputError(`${chosen.label(option.name)} ${problem}`);
    layer = { ...layer, ...option.setting({ value, rules: chosen.rules, fault }) };
  }
  return layer;
}

async function configurationOf(tree: Snapshot, chosen: Chosen): Promise<Found> {
  if (chosen.file !== null) {
    const found = readConfiguration(chosen.file.text, chosen.file.path, chosen.rules);
    if (found !== null) return found;
    throw new InputError(
      `${chosen.file.path} has no [tool.pcr] table; add one or name another file with ${chosen.label("config")}`,
    );
  }
  for (const folder of upwards(chosen.directory)) {
    for (const name of ["pcr.toml", "pyproject.toml"]) {
      const path = folder + name;
      const text = await tree.read(path);
      const found = text === null ? null : readConfiguration(text, path, chosen.rules);
      if (found !== null) return { ...found, layer: below(folder, found.layer) };
    }
  }
  return { path: null, layer: {}, text: "" };
}

/** Reads one configuration file; `null` for a `pyproject.toml` without the table `[tool.pcr]`. */
export function readConfiguration(text: string, path: string, rules: readonly string[]): Found | null {
  const isPyproject = /(?:^|[/\\])pyproject\.toml$/.test(path);
  // Most projects have no such table, and a fault elsewhere in their pyproject.toml is none of our business.
  if (isPyproject && !/\bpcr\b/.test(text)) return null;
  const whole = parseToml(text, path);
  const tool = isTable(whole.tool) ? whole.tool.pcr : undefined;
  if (isPyproject && tool === undefined) return null;
  const table = tool === undefined ? whole : tool;
  const prefix = tool === undefined ? [] : ["tool", "pcr"];
  if (!isTable(table)) throw new InputError(`${path}:${lineOf(text, prefix)}: tool.pcr must be a table`);
  const keys = OPTIONS.filter((option) => option.key === true);
  let layer: Layer = {};
  for (const [key, value] of Object.entries(table)) {
    const place = (inside: string[], item?: string) => `${path}:${lineOf(text, [...prefix, key, ...inside], item)}`;
    const option = keys.find(({ name }) => name === key);
    if (option?.setting === undefined) {
      const names = keys.map(({ name }) => name);
      const near = nearest(key, names);
      const hint = near === null ? `the keys are ${names.join(", ")}` : `did you mean ${near}?`;
      throw new InputError(`${place([])}: unknown key ${key}; ${hint}`);
    }
    const fault = (problem: string, inside?: { key?: string; item?: string }) =>
      new InputError(`${place(inside?.key === undefined ? [] : [inside.key], inside?.item)}: ${key} ${problem}`);
    layer = { ...layer, ...option.setting({ value, rules, fault }) };
  }
  return { path, layer, text: JSON.stringify(table) };
}

/** Globs of a configuration in a folder speak of that folder. */
function below(folder: string, layer: Layer): Layer {
  const moved = (globs: readonly string[]) => globs.map((glob) => folder + glob);
  return {
    ...layer,
    ...(layer.exclude === undefined ? {} : { exclude: moved(layer.exclude) }),
    ...(layer.tests === undefined ? {} : { tests: moved(layer.tests) }),
  };
}

/** The lower bound of `requires-python` in the nearest file that has one. A file that cannot be read says nothing. */
async function requiredPython(tree: Snapshot, directory: string): Promise<string | null> {
  for (const folder of upwards(directory)) {
    const pyproject = await attempt(tree.read(`${folder}pyproject.toml`));
    if (typeof pyproject === "string") {
      const table = await attempt((async () => parseToml(pyproject, "pyproject.toml"))());
      const version = table instanceof InputError ? null : requiredByPyproject(table);
      if (version !== null) return version;
    }
    const setup = await attempt(tree.read(`${folder}setup.cfg`));
    const version = typeof setup === "string" ? requiredBySetupCfg(setup) : null;
    if (version !== null) return version;
  }
  return null;
}

/** A folder and all above it, as prefixes of paths. */
function upwards(directory: string): string[] {
  const parts = directory.split("/").filter((part) => part !== "" && part !== ".");
  return parts.map((_, index) => `${parts.slice(0, parts.length - index).join("/")}/`).concat("");
}

async function attempt<T>(work: Promise<T>): Promise<T | InputError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}
