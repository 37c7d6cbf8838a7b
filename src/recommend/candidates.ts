import type { Class, Func, Module } from "../python/module.ts";
import { nodesOf } from "../python/module.ts";
import type { Call, Expression, Node } from "../python/syntax.ts";
import { isInside, within } from "../python/syntax.ts";
import { type Sequence, sequencesIn } from "../runtime/coroutines/sequences.ts";
import { loopsAround } from "../runtime/effects/boundedness.ts";
import { type Cost, type Costs, costsOf, countOf, roundsAt } from "../runtime/effects/costs.ts";
import { dependsOnItem, type ItemLoop, independence, isMadeInside, rootOf } from "../runtime/effects/independence.ts";
import { weightOf } from "../runtime/effects/workloads.ts";
import { leniency } from "../runtime/graph/leniency.ts";
import { runningFrom } from "../runtime/graph/running.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { changesItsElements, comesFromDecoder, hasOrderInside, isSearch, isUsual } from "./rounds.ts";

/** A loop that does independent work one element after the other. */
export interface Candidate {
  func: Func;
  loop: ItemLoop;
  costs: Costs;
  /** Those that make it worth while. */
  hot: readonly Cost[];
  /** The elements are the lines of a file, or another source that nothing bounds. */
  isMany: boolean;
  /** The number of elements, where it is written. */
  count: number | null;
  doubt: number;
}

/** Farther away than so many calls there are conditions on the way that nobody sees. */
const FARTHEST = { waits: 3, computes: 2 };

/** A loop of fewer rounds, or of less work in one, is left alone. */
const FEWEST = 4;
const LEAST_MS = { waits: 10, computes: 50 };

/** The hot loops of a function whose rounds could overlap, the dearest first. */
export function candidatesIn(runtime: Runtime, func: Func): Candidate[] {
  if (func.isAsync) return sequencesIn(runtime, func).flatMap((one) => awaitedCandidate(runtime, one) ?? []);
  // Nobody asks an attribute for work in bulk.
  if (func.isGenerator || runtime.inference.decoration(func).property || isMigration(func.module)) return [];
  const found: Candidate[] = [];
  for (const node of nodesOf(func, "for", "clause")) {
    const candidate = candidateAt(runtime, func, node);
    // The outermost loop is the one to spread.
    if (
      candidate &&
      !found.some(({ loop }) => isInside(node, loop.kind === "clause" && loop.parent ? loop.parent : loop))
    )
      found.push(candidate);
  }
  return found.sort((a, b) => weightOf(b.hot) - weightOf(a.hot));
}

/** Clearing up what is open: a few at the end of the program. */
const ENDS = /\.(?:close|quit|stop|shutdown|terminate|disconnect|kill|join|release|cleanup)$/;

/** What uses every core by itself already: OpenCV's filters (not its codecs), the linear algebra of numpy and scipy. */
const PARALLEL = /^(?:cv2\.(?!im(?:read|write|decode|encode))|numpy\.(?:dot|matmul|linalg|einsum)\b|scipy\.linalg\b)/;

/** A step of a database migration runs once, in one transaction. */
function isMigration({ tree }: Module): boolean {
  return tree.body.some(
    (node) => node.kind === "importfrom" && node.names?.some(({ name }) => MIGRATES.test(`${node.module}.${name}`)),
  );
}

const MIGRATES = /^(?:alembic\.op|django\.db\.migrations)$/;

/** A loop that awaits one independent call after the other. */
function awaitedCandidate(runtime: Runtime, { func, loop, site, doubt }: Sequence): Candidate | null {
  const clause = loop.kind === "for" ? loop : loop.clauses[0];
  const all = costsOf(runtime, func);
  const hot = all.list.filter((cost) => !cost.blocks && (cost.at === site || cost.at.node === site.node));
  if (!clause || hot.length === 0 || doubt > 1 || leniency(runtime, func, loop) === "start-up") return null;
  const count = countOf(clause.iter) ?? constantLength(runtime, clause.iter);
  return { func, loop: clause, costs: all, hot, isMany: comesFromFile(runtime, clause.iter), count, doubt };
}

function candidateAt(runtime: Runtime, func: Func, loop: ItemLoop): Candidate | null {
  const written = countOf(loop.iter);
  if (written !== null && written < FEWEST) return null;
  const all = costsOf(runtime, func);
  const inside = all.list.filter(({ at }) => isRound(at.node, loop));
  if (inside.length === 0) return null;
  const rounds = Math.max(1, roundsAt(insideOf(loop)));
  const hot = inside.filter((cost) => isHot(cost, rounds) && cost.doubt < 2);
  if (!hot.some((cost) => isUsual(cost, loop))) return null;
  if (hot.some((cost) => isSearch(cost, loop) || hasOrderInside(func, loop, cost))) return null;
  if (changesItsElements(func, loop) || comesFromDecoder(runtime, loop.iter)) return null;
  const order = independence(func, loop);
  if (order === null || !hot.every((cost) => isIndependent(runtime, loop, cost))) return null;
  if (inside.some((cost) => holdsBack(cost)) || inside.some(({ ground }) => ground !== "here")) return null;
  const doubt = order + Math.max(...hot.map((cost) => cost.doubt)) + (hot.every(({ hops }) => hops <= 1) ? 0 : 1);
  if (doubt > 1 || hot.some((cost) => cost.doubt > 0 || cost.hops > FARTHEST[cost.does])) return null;
  if (leniency(runtime, func, loop) === "start-up") return null;
  const count = written ?? constantLength(runtime, loop.iter);
  if (count !== null ? count < FEWEST : isSetting(loop.iter)) return null;
  return { func, loop, costs: { ...all, list: inside }, hot, isMany: comesFromFile(runtime, loop.iter), count, doubt };
}

/** A constant, or the attributes of an object: what a program writes down or is configured with is a few. */
function isSetting(iter: Expression): boolean {
  if (
    [iter, ...within(iter)].some(
      (node) => node.kind === "call" && node.callee.kind === "name" && node.callee.id === "vars",
    )
  )
    return true;
  const name = iter.kind === "attribute" ? iter.attr : iter.kind === "name" ? iter.id : "";
  return /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(name) && name.length > 1;
}

/** The length of a list that is written somewhere else and never changed. */
function constantLength({ constants }: Runtime, iter: Expression): number | null {
  if (iter.kind !== "name" && iter.kind !== "attribute") return null;
  const found = constants.evaluate(iter);
  switch (found?.kind) {
    case "list":
    case "tuple":
    case "set":
      return found.value.length;
    case "dict":
      return found.value.size;
    default:
      return null;
  }
}

/** The lines of a file, of the standard input, of a table. */
function comesFromFile({ inference, origins }: Runtime, iter: Expression): boolean {
  const sources = [iter, ...origins.of(iter).map(({ expression }) => expression)];
  return sources.some(
    (source) =>
      inference.values(source).some((value) => value.kind === "instance" && LINES.test(value.type)) ||
      [source, ...within(source)].some(
        (node) => node.kind === "call" && inference.names(node.callee).some(({ name }) => READS.test(name)),
      ),
  );
}

const LINES = /^(?:io\.|gzip\.|csv\.)/;
const READS = /(?:\.readlines|\.splitlines|\.read_text|^csv\.(?:reader|DictReader))$/;

/** A node that stands for the loop's body. */
function insideOf(loop: ItemLoop): Node {
  if (loop.kind === "for") return loop.body[0] ?? loop;
  return loop.parent?.kind === "comprehension" ? loop.parent.element : loop;
}

function isRound(node: Node, loop: ItemLoop): boolean {
  if (node === loop) return false;
  return loopsAround(node).some((one) => one === loop);
}

function isHot({ name, does, weight, byInput, group, blocks }: Cost, rounds: number): boolean {
  if (ENDS.test(name) || PARALLEL.test(name)) return false;
  const each = weight / rounds;
  if (does === "computes") return !byInput && each >= LEAST_MS.computes;
  if (!blocks) return false;
  return (
    each >= LEAST_MS.waits &&
    (group === "http" || group === "service" || group === "database" || group === "child" || group === "network")
  );
}

/** Pauses keep a rate, people answer one question at a time, and queues have an order. */
function holdsBack({ group }: Cost): boolean {
  return group === "sleep" || group === "person" || group === "thread";
}

function isIndependent(runtime: Runtime, loop: ItemLoop, cost: Cost): boolean {
  const { node } = cost.at;
  const call = node.kind === "call" ? node : null;
  const shown =
    node.kind === "withitem" ? node.context : node.kind === "for" || node.kind === "clause" ? node.iter : node;
  if (!dependsOnItem(loop, shown)) return false;
  if (IN_ORDER.test(cost.name)) return false;
  // A loop nest that starts in the round is the round's own work.
  if (
    cost.hops === 0 &&
    cost.does === "computes" &&
    (node.kind === "for" || node.kind === "while" || node.kind === "clause")
  )
    return false;
  if (cost.hops > 0 && call && changesItsObject(runtime, loop, call)) return false;
  switch (cost.group) {
    case "http":
    case "service":
      return true;
    case "network":
      return !isShared(runtime, loop, receiverOf(cost, call));
    case "database":
      return hasOwnConnection(runtime, loop, cost, call);
    case "child":
      return runsConverter(cost);
    default:
      return (
        cost.does === "computes" &&
        (call !== null || node.kind === "withitem") &&
        !mayAlsoWait(runtime, call) &&
        isStateless(runtime, loop, cost, call)
      );
  }
}

/** What the service limits itself, what has an order, and models that learn from one call to the next. */
const IN_ORDER =
  /^(?:discord|telegram|aiogram|telethon|pyrogram|slack_sdk|slack_bolt|hikari|disnake|serial|kubernetes|docker|gspread|pygsheets)\.|^(?:tarfile|zipfile)\.\w+\.\w+$|^huggingface_hub\..*(?:commit|delete_|upload_)|\.(?:fit|fit_transform|partial_fit|backward|step|train|publish|commit|push|produce|send_message|sendmail|login)$|^(?:torch|tensorflow|keras|jax|transformers|xgboost|lightgbm|sklearn|polars|dask|pyspark|duckdb)\./;

/** The call works on an object that the function it stands in takes from around it: an archive that every round adds to. */
function isOuterObject({ inference }: Runtime, { site }: Cost): boolean {
  if (site.node.kind !== "call" || site.node.callee.kind !== "attribute") return false;
  const root = rootOf(site.node.callee.value);
  if (!root || inference.values(root).some(({ kind }) => kind === "module" || kind === "class" || kind === "library"))
    return false;
  const { scope } = inference.bindings(root);
  return scope !== null && scope.node !== site.func.node;
}

function receiverOf({ site }: Cost, call: Call | null): Expression {
  const own = site.node.kind === "call" ? site.node : call;
  return own?.callee.kind === "attribute" ? own.callee.value : (own?.callee ?? MISSING);
}

const MISSING: Expression = { kind: "constant", value: null, start: 0, end: 0, parent: null };

/** An object that all rounds share, not a module or class. */
function isShared(runtime: Runtime, loop: ItemLoop, receiver: Expression): boolean {
  const values = runtime.inference.values(receiver);
  if (values.some(({ kind }) => kind === "module" || kind === "class" || kind === "library")) return false;
  return !isMadeInside(runtime, loop, receiver);
}

/** A method of an object that all rounds share, which writes to that object's attributes. */
function changesItsObject(runtime: Runtime, loop: ItemLoop, call: Call): boolean {
  if (call.callee.kind !== "attribute" || isMadeInside(runtime, loop, call.callee.value)) return false;
  const site = runtime.graph.siteOf(call);
  return (site?.targets ?? []).some(({ func: method }) => {
    const self = method.cls ? method.params[0]?.name : undefined;
    if (self === undefined) return false;
    return [...runningFrom(runtime, method).values()].some(
      ({ func: one }) =>
        areRelated(runtime, one.cls, method.cls) && one.nodes.some((node) => isOwnWrite(node, one.params[0]?.name)),
    );
  });
}

/** Methods of both may work on one object. */
function areRelated({ inference }: Runtime, one: Class | null, other: Class | null): boolean {
  return (
    one !== null &&
    other !== null &&
    (inference.ancestry(one).includes(other) || inference.ancestry(other).includes(one))
  );
}

function isOwnWrite(node: Node, self: string | undefined): boolean {
  const targets = node.kind === "assign" ? node.targets : node.kind === "augassign" ? [node.target] : [];
  if (
    targets.some(
      (target) => (target.kind === "attribute" || target.kind === "subscript") && rootOf(target)?.id === self,
    )
  )
    return true;
  return (
    node.kind === "call" &&
    node.callee.kind === "attribute" &&
    CHANGES.test(node.callee.attr) &&
    node.callee.value.kind === "attribute" &&
    rootOf(node.callee)?.id === self
  );
}

const CHANGES = /^(?:append|extend|add|update|insert|setdefault|pop|popitem|remove|discard|clear|appendleft|write)$/;

/**
 * Each round takes its own connection from a pool; work on one connection is one after the other in any case. What is farther away
 * than one call is left alone: which connection it takes is hard to see, and one query for all is often the better answer.
 */
function hasOwnConnection(runtime: Runtime, loop: ItemLoop, cost: Cost, call: Call | null): boolean {
  if (cost.hops > 1 || call?.args.some(({ value, name }) => isConnection(runtime, value, name))) return false;
  if (SHARED_POOLS.test(cost.name)) return true;
  const opened = (name: string): boolean => OPENS.test(name);
  if (cost.hops === 0)
    return isMadeInside(runtime, loop, receiverOf(cost, call)) && sitesIn(runtime, cost.site.func, loop).some(opened);
  return runtime.graph.sites(cost.site.func).some(({ library }) => library.some(({ name }) => opened(name)));
}

/** A connection or session that every round is given. */
function isConnection({ inference }: Runtime, value: Expression, keyword: string | null): boolean {
  const name = keyword ?? (value.kind === "name" ? value.id : value.kind === "attribute" ? value.attr : "");
  if (/^(?:db|session|conn|connection|cursor|cur|tx|transaction)$/i.test(name)) return true;
  return inference
    .values(value)
    .some((one) => one.kind === "instance" && /(?:Session|Connection|Cursor|Transaction)$/i.test(one.type));
}

function sitesIn(runtime: Runtime, func: Func, loop: ItemLoop): string[] {
  return runtime.graph
    .sites(func)
    .filter(({ node }) => isRound(node, loop))
    .flatMap(({ library }) => library.map(({ name }) => name));
}

/** Clients that are pools themselves, and run one query each. */
const SHARED_POOLS = /^psycopg_pool\b/;
const OPENS =
  /(?:\.(?:connect|getconn|acquire|begin|connection|__call__|Session|sessionmaker|Connection|AsyncSession)|\.Pool\.(?:acquire|connection))$/;

/** Programs that work on files of their own, so that several can run at once. */
const CONVERTERS =
  /^(?:ffmpeg|ffprobe|convert|magick|mogrify|gs|pdftotext|pdftoppm|pdftocairo|tesseract|cwebp|dwebp|optipng|pngquant|jpegoptim|cjpeg|sox|lame|flac|opusenc|x264|HandBrakeCLI|gzip|bzip2|xz|zstd|inkscape|rsvg-convert|pandoc|wkhtmltopdf|exiftool|ocrmypdf|heif-convert|vips|cjxl|avifenc)$/;

function runsConverter({ site, name }: Cost): boolean {
  if (/^(?:ffmpeg|moviepy|pydub)\./.test(name)) return true;
  if (site.node.kind !== "call") return false;
  const [first] = site.node.args;
  if (!first) return false;
  const words = first.value.kind === "list" || first.value.kind === "tuple" ? first.value.items : [first.value];
  const program = words[0];
  const text =
    program?.kind === "string"
      ? program.value
      : program?.kind === "fstring" && program.parts[0]?.kind === "string"
        ? program.parts[0].value
        : "";
  return CONVERTERS.test(text.trim().split(/\s+/)[0]?.split("/").at(-1) ?? "");
}

/** Beside the computing the round calls libraries that nothing is known about: what it spends its time on is not clear. */
function mayAlsoWait(runtime: Runtime, call: Call | null): boolean {
  const targets = (call && runtime.graph.siteOf(call)?.targets) || [];
  return targets.some(({ func }) => (costsOf(runtime, func).stranger?.hops ?? 9) <= 1);
}

/** The work gets all it needs from the round: a plain function, or an object made in it. */
function isStateless(runtime: Runtime, loop: ItemLoop, cost: Cost, call: Call | null): boolean {
  if (!call) return true;
  if (cost.hops > 0 && isOuterObject(runtime, cost)) return false;
  if (call.callee.kind !== "attribute") return true;
  const [value] = runtime.inference.values(call.callee.value);
  if (value?.kind === "module" || value?.kind === "class") return true;
  if (runtime.inference.names(call.callee.value).length > 0 && value?.kind === "library") return true;
  // Several results from one object are a few, and the object is shared.
  return cost.hops > 0 || (isMadeInside(runtime, loop, call.callee.value) && dependsOnItem(loop, call.callee.value));
}
