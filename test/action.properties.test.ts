import { describe, expect, test } from "vitest";
import type { Finding, Severity } from "../src/finding.ts";
import { pullRequestChange } from "../src/github/change-source.ts";
import { connect, type GitHub } from "../src/github/client.ts";
import { type Delivered, deliver, type Placement } from "../src/github/delivery.ts";
import { pullRequestFrom } from "../src/github/event.ts";
import { linksOf } from "../src/github/links.ts";
import type { Report } from "../src/report.ts";
import { pullJson } from "./fake-github/answers.ts";
import { naps, openThreads, scenario, summaries } from "./fake-github/checks.ts";
import { makeWorld, type World } from "./fake-github/scenario.ts";
import { TOKEN } from "./fake-github/store.ts";
import { sampleReview } from "./sample-report.ts";

const MOST = 25;
const SEEDS = Number(process.env.PCR_SEEDS ?? 15);

/** Numbers that look random and are the same every time. */
function dice(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0;
    return state % below;
  };
}

/** A file, and the same after some lines were changed, added and taken away. */
function edited(roll: (below: number) => number, name: string): { before: string[]; after: string[] } {
  const before = Array.from({ length: 1 + roll(120) }, (_, index) => `${name} ${index} ${roll(3)}`);
  const after = before.flatMap((line) => {
    const what = roll(24);
    if (what === 0) return [];
    if (what === 1) return [`${line} changed`];
    return what === 2 ? [line, ...Array.from({ length: 1 + roll(6) }, (_, index) => `${line} added ${index}`)] : [line];
  });
  return { before, after: after.length === 0 ? ["left"] : after };
}

interface Case {
  world: World;
  /** Head files by path, as lines. */
  files: Map<string, string[]>;
  findings: Finding[];
}

/** A random change, and findings anywhere in its head: on changed lines, beside them, in files that it does not touch. */
async function randomCase(seed: number): Promise<Case> {
  const roll = dice(seed);
  const base: Record<string, string> = {};
  const head: Record<string, string | null> = {};
  const files = new Map<string, string[]>();
  const end = roll(4) === 0 ? "\r\n" : "\n";
  const join = (lines: readonly string[]): string => lines.join(end) + (roll(3) === 0 ? "" : end);
  for (let index = 0; index < 2 + roll(4); index += 1) {
    const path = roll(5) === 0 ? `dir ${index}/ü${index}.py` : `f${index}.py`;
    const { before, after } = edited(roll, path);
    const kind = roll(6);
    if (kind !== 0) base[path] = join(before);
    if (kind === 1) files.set(path, before);
    else if (kind === 2) {
      head[path] = null;
      head[`moved/${path}`] = join(after);
      files.set(`moved/${path}`, after);
    } else {
      head[path] = join(after);
      files.set(path, after);
    }
  }
  const world = await makeWorld({ base: { "README.md": "x\n", ...base }, head: { "always.py": "x\n", ...head } });
  files.set("always.py", ["x"]);
  if (roll(4) === 0) for (const path of files.keys()) if (roll(3) === 0) world.store.withoutPatch.add(path);
  const [sample] = sampleReview().findings;
  if (sample === undefined) throw new Error("the sample report is empty");
  const paths = [...files.keys()];
  const place = (): { path: string; line: number } => {
    const path = paths[roll(paths.length)] ?? "";
    return { path, line: 1 + roll(files.get(path)?.length ?? 1) };
  };
  const findings = Array.from({ length: roll(45) }, (_, index): Finding => {
    const { path, line } = place();
    const endLine = Math.min(files.get(path)?.length ?? 1, line + (roll(3) === 0 ? roll(30) : 0));
    const severities: Severity[] = ["error", "warning", "notice"];
    return {
      ...sample,
      path,
      startLine: line,
      endLine,
      startColumn: 1,
      endColumn: endLine > line && roll(5) === 0 ? 1 : 2,
      severity: severities[roll(3)] ?? "error",
      state: roll(5) === 0 ? "existing" : "introduced",
      suppressed: roll(9) === 0,
      cause: roll(4) === 0 ? `cause ${roll(3)}` : null,
      fix: null,
      trace: Array.from({ length: roll(3) }, () => ({ ...place(), message: "`a` calls `b`" })),
      fingerprint: `${seed}-${index}-`.padEnd(40, "0"),
    };
  });
  return { world, files, findings };
}

/** Delivers findings as the action does once it has reviewed. */
async function delivered(
  { world }: Case,
  findings: readonly Finding[],
): Promise<{ result: Delivered; placement: Placement; github: GitHub }> {
  const github = connect({
    token: TOKEN,
    apiUrl: world.github.url,
    owner: "acme",
    repo: "shop",
    userAgent: "test",
    fetch,
    pacing: { writeMilliseconds: 0, secondMilliseconds: 1, patienceSeconds: 90 },
    debug: () => {},
  });
  const pullRequest = pullRequestFrom(pullJson(world.store, world.pull));
  const { change, shown } = await pullRequestChange(github, null, pullRequest);
  const report: Report = { ...sampleReview(), findings: [...findings] };
  const parts = {
    serverUrl: "https://github.com",
    owner: "acme",
    repo: "shop",
    head: pullRequest.head,
    runId: 1,
    actionRepository: "",
    actionRef: "",
  };
  let placement: Placement = { inline: 0, listed: [], dismissed: [], outdated: [], answered: [] };
  const result = await deliver(github, {
    pullRequest,
    report,
    files: change.files,
    head: change.head,
    shown,
    changesPython: true,
    comments: "inline",
    mostComments: MOST,
    run: 1,
    context: { links: linksOf(parts), why: () => "", key: "" },
    summary(found) {
      placement = found;
      return `In threads: ${found.inline}. Listed: ${found.listed.map(({ fingerprint }) => fingerprint).join()}.`;
    },
  });
  return { result, placement, github };
}

const commented = ({ state, suppressed, severity }: Finding): boolean =>
  state === "introduced" && !suppressed && severity !== "notice";

describe.concurrent("any change, any findings", () => {
  test.concurrent.each(Array.from({ length: SEEDS }, (_, index) => index + 1))("seed %i", async (seed) => {
    const made = await randomCase(seed);
    const { world, findings, files } = made;
    const { result, placement } = await delivered(made, findings);
    expect(result).toMatchObject({ rung: "review", refusal: null });
    // Every place was accepted at the first attempt.
    expect(world.github.requests.filter(({ status }) => status >= 400)).toEqual([]);
    // Every finding is somewhere, and the numbers add up.
    const wanted = findings.filter(commented);
    expect(placement.inline + placement.listed.length).toBe(wanted.length);
    const inThreads = openThreads(world.store).flatMap(({ body }) => /fp=([\w,-]+)/.exec(body)?.[1]?.split(",") ?? []);
    expect(inThreads).toHaveLength(placement.inline);
    expect(new Set([...inThreads, ...placement.listed.map(({ fingerprint }) => fingerprint.slice(0, 20))])).toEqual(
      new Set(wanted.map(({ fingerprint }) => fingerprint.slice(0, 20))),
    );
    expect(openThreads(world.store).length).toBeLessThanOrEqual(MOST);
    expect(openThreads(world.store).filter(({ file }) => file).length).toBeLessThanOrEqual(5);
    expect(world.store.reviews.filter(({ body }) => body !== "").length).toBeLessThanOrEqual(1);

    // Again: not a single write.
    let before = world.github.requests.length;
    await delivered(made, findings);
    expect(world.github.requests.slice(before).filter(({ writes }) => writes)).toEqual([]);

    // Every file k lines further down: no new comment, nothing edited but the summary.
    const down = 1 + (seed % 5);
    const above = Array.from({ length: down }, (_, index) => `above ${index}\n`).join("");
    const paths = [...files.keys()];
    world.push(
      Object.fromEntries(paths.map((path) => [path, above + (world.store.origin.read(world.pull.head, path) ?? "")])),
    );
    const shifted = findings.map((finding) => ({
      ...finding,
      startLine: finding.startLine + down,
      endLine: finding.endLine + down,
      trace: finding.trace.map((place) => ({ ...place, line: place.line + down })),
    }));
    const ids = world.store.reviewComments.map(({ id }) => id);
    before = world.github.requests.length;
    const room = MOST - openThreads(world.store).length;
    const again = await delivered(made, shifted);
    expect(world.github.requests.slice(before).filter(({ status }) => status >= 400)).toEqual([]);
    const fresh = world.store.reviewComments.filter(({ id }) => !ids.includes(id));
    // The shift itself puts lines into the diff that were not: a finding that had no place may have one now.
    const placeless = placement.listed.map(({ fingerprint }) => fingerprint.slice(0, 20));
    expect(fresh.length).toBeLessThanOrEqual(room);
    for (const { body } of fresh) expect(placeless.some((each) => body.includes(each))).toBe(true);
    expect(again.placement.inline + again.placement.listed.length).toBe(wanted.length);
    expect(summaries(world.store)).toHaveLength(1);
    await world.close();
  });
});

describe.concurrent("the built action, on code with a random number of problems", () => {
  for (const seed of [1, 2, 3, 4]) {
    const roll = dice(seed);
    const names = Array.from({ length: 1 + roll(30) }, (_, index) => `f${index}`);
    const old = names.filter(() => roll(3) === 0);
    scenario(
      `seed ${seed}: places, numbers, silence, shifts, one fix`,
      { base: { "a.py": naps(old) }, head: { "a.py": naps(names) }, profile: "contents-write" },
      async (world) => {
        const introduced = names.length - old.length;
        const run = await world.run();
        expect(run.outputs).toMatchObject({ introduced: String(introduced), existing: String(old.length) });
        expect(openThreads(world.store)).toHaveLength(Math.min(introduced, MOST));
        expect((await world.run({ checkout: "full" })).writes).toEqual([]);
        const ids = world.store.reviewComments.map(({ id }) => id);
        world.push({ "a.py": naps(names, 1 + roll(40)) });
        await world.run();
        expect(world.store.reviewComments.map(({ id }) => id)).toEqual(ids);
        const fixed = names.find((name) => !old.includes(name) && openThreads(world.store).length <= MOST);
        world.push({ "a.py": naps(names.filter((name) => name !== fixed)) });
        await world.run();
        expect(world.store.threads.filter(({ resolved }) => resolved).length).toBeLessThanOrEqual(1);
        expect(openThreads(world.store)).toHaveLength(Math.min(introduced - 1, MOST));
      },
    );
  }
});
