import { type DatabaseUrl, enginePoolClass } from "../../knowledge/pools/database-servers.ts";
import { POOLS, type PoolFact } from "../../knowledge/pools.ts";
import { type Constant, number } from "../../python/constant.ts";
import { lineOf } from "../../python/module.ts";
import type { Call, Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { type Capacity, fixed, sum } from "./capacity.ts";
import { addressOf } from "./database-address.ts";
import type { Sizing } from "./pool-size.ts";

/** SQLAlchemy's own numbers, which Flask-SQLAlchemy leaves alone. */
const POOL_SIZE = 5;
const MAX_OVERFLOW = 10;

const OPTIONS = "SQLALCHEMY_ENGINE_OPTIONS";
const URI = "SQLALCHEMY_DATABASE_URI";

/** The engine of Flask-SQLAlchemy: sized by `engine_options`, or by the application's configuration wherever that is written. */
export function flaskSizing(runtime: Runtime, call: Call, known: PoolFact): Sizing {
  const base = { open: null, at: call, address: null, doubt: 0 };
  const engine = POOLS.get("sqlalchemy.create_engine") ?? known;
  const fact: PoolFact = { ...known, exhaustion: engine.exhaustion };
  const own = argument(call, "engine_options", -1);
  const settings = settingsOf(runtime);
  const written = own ? [runtime.constants.evaluate(own)] : (settings.get(OPTIONS) ?? []);
  const [options, ...others] = written;
  if (others.length > 0 || options === null || (options && options.kind !== "dict"))
    return { ...base, fact, capacity: null, open: OPTIONS };
  if (options?.kind === "dict" && (options.value.has("poolclass") || options.value.has("pool")))
    return { ...base, fact, capacity: null, open: `${OPTIONS}["poolclass"]` };
  const address = onlyAddress(runtime);
  if (address) {
    const pool = POOLS.get(
      enginePoolClass(address, false, runtime.requirements.atLeast("sqlalchemy", "2.0") !== false),
    );
    if (pool && !/\.QueuePool$/.test(pool.name))
      return {
        ...base,
        address,
        fact: { ...fact, opens: pool.opens, exhaustion: pool.exhaustion },
        capacity: fixed(1, "SQLite"),
      };
  }
  const capacity = sizeOf(options?.kind === "dict" ? options : null);
  // Options that are written where we do not look may say otherwise.
  return { ...base, address, fact, capacity, open: capacity ? null : OPTIONS, doubt: options ? 0 : 1 };
}

function sizeOf(options: (Constant & { kind: "dict" }) | null): Capacity | null {
  const [size, overflow] = [part(options, "pool_size", POOL_SIZE), part(options, "max_overflow", MAX_OVERFLOW)];
  if (!size || !overflow) return null;
  if (size.words === "" && overflow.words === "")
    return { ...sum(size, overflow), words: `\`pool_size\` ${POOL_SIZE} + \`max_overflow\` ${MAX_OVERFLOW}, defaults` };
  const words = `\`pool_size\` ${size.formula} + \`max_overflow\` ${overflow.formula}`;
  const places = [...new Set([...size.places, ...overflow.places].map(({ path, line }) => `${path}:${line}`))];
  return { ...sum(size, overflow), words: [words, ...places].join(", ") };
}

function part(options: (Constant & { kind: "dict" }) | null, name: string, fallback: number): Capacity | null {
  if (!options?.value.has(name)) return fixed(fallback);
  const given = options.value.get(name) ?? null;
  const quantity = number(given);
  if (!given || quantity?.exact == null || quantity.exact < 0) return null;
  const last = given.origin.at(-1);
  return fixed(
    quantity.exact,
    name,
    last ? [{ path: last.module.path, line: lineOf(last.module, last.node) }] : [],
    given.doubt,
  );
}

function onlyAddress(runtime: Runtime): DatabaseUrl | null {
  const [only, ...others] = written(runtime, URI);
  return only && others.length === 0 ? addressOf(runtime, only) : null;
}

const settings = new WeakMap<Runtime, ReadonlyMap<string, readonly (Constant | null)[]>>();

function settingsOf(runtime: Runtime): ReadonlyMap<string, readonly (Constant | null)[]> {
  const known = settings.get(runtime);
  if (known) return known;
  const found = new Map([[OPTIONS, written(runtime, OPTIONS).map((one) => runtime.constants.evaluate(one))]]);
  settings.set(runtime, found);
  return found;
}

/** What the program writes under a key of the configuration: `app.config[key] = …`, `key = …` in a module or class, `config.update(key=…)`. */
function written(runtime: Runtime, key: string): Expression[] {
  const found: Expression[] = [];
  for (const module of runtime.modules) {
    if (runtime.target.isTest(module.path)) continue;
    for (const func of module.functions)
      for (const node of func.nodes) {
        if (node.kind === "assign" && node.value) {
          if (node.targets.some((target) => isNamed(target, key))) found.push(node.value);
        } else if (node.kind === "argument" && node.name === key) found.push(node.value);
        else if (node.kind === "dict")
          node.keys.forEach((one, i) => {
            const value = node.values[i];
            if (one?.kind === "string" && one.value === key && value) found.push(value);
          });
      }
  }
  return found;
}

function isNamed(target: Expression, key: string): boolean {
  if (target.kind === "name") return target.id === key;
  if (target.kind === "attribute") return target.attr === key;
  const [index] = target.kind === "subscript" ? target.indices : [];
  return index?.kind === "string" && index.value === key;
}
