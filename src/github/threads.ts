import type { Report } from "../report.ts";
import { type Conversation, isViewer, type Thread } from "./conversation.ts";
import { readRemarkMarker, short } from "./marker.ts";
import type { Remark } from "./remarks.ts";

/** What to do with the threads of a pull request, and what the summary says about them. */
export interface ThreadPlan {
  /** Remarks that have no thread yet, in order of importance. */
  post: Remark[];
  /** Open threads whose remark is still true; the text may have changed. */
  keep: { thread: Thread; remark: Remark }[];
  /** Threads that we had resolved or marked as fixed, and whose remark is true again. */
  reopen: { thread: Thread; remark: Remark }[];
  /** Open threads whose findings are gone. */
  resolve: Thread[];
  /** The same where somebody answered: left alone, and named in the summary. */
  answered: Thread[];
  /** Remarks in threads that a person resolved. */
  dismissed: { remark: Remark; by: string }[];
  /** Remarks that stay in a thread whose line is gone from the diff. */
  outdated: Remark[];
  /** Threads that say again what an open one says, from two runs at once; nobody answered there. */
  duplicates: Thread[];
  /** How many threads of ours stay open before anything is posted. */
  open: number;
}

interface Own {
  thread: Thread;
  fingerprints: readonly string[];
  fixed: boolean;
}

/** Compares what we want to say with what we have said. Threads of others, and of runs with another key, are not looked at. */
export function planThreads(
  remarks: readonly Remark[],
  report: Report,
  conversation: Conversation,
  key: string,
): ThreadPlan {
  const own = ownThreads(conversation, key);
  const plan: ThreadPlan = {
    post: [],
    keep: [],
    reopen: [],
    resolve: [],
    answered: [],
    dismissed: [],
    outdated: [],
    duplicates: [],
    open: 0,
  };
  const used = new Set<Thread>();
  for (const remark of remarks) place(remark, own, used, conversation.viewer, plan);
  const spoken = stillThere(report);
  const unknown = new Set(report.stats.skipped.map(({ path }) => path));
  for (const { thread, fingerprints, fixed } of own) {
    if (used.has(thread) || thread.resolved || fixed) continue;
    if (unknown.has(thread.path) || fingerprints.some((each) => spoken.has(each))) plan.open += 1;
    else if (thread.replies > 0) {
      plan.answered.push(thread);
      plan.open += 1;
    } else plan.resolve.push(thread);
  }
  plan.open += plan.keep.length + plan.reopen.length;
  return plan;
}

function ownThreads(conversation: Conversation, key: string): Own[] {
  return conversation.threads.flatMap((thread) => {
    const marker = thread.first.own ? readRemarkMarker(thread.first.body) : null;
    return marker === null || marker.key !== key
      ? []
      : [{ thread, fingerprints: marker.fingerprints, fixed: marker.fixed }];
  });
}

/** Finds the thread in which a remark lives, or decides that it is new. Findings that a person dismissed are taken out first. */
function place(whole: Remark, own: readonly Own[], used: Set<Thread>, viewer: string, plan: ThreadPlan): void {
  const openFirst = new Set(own.filter(isOpen).flatMap(({ fingerprints }) => fingerprints));
  const dismissals = own.filter(({ thread, fixed }) => !fixed && byPerson(thread, viewer));
  const settledBy = new Map<string, string>();
  for (const { thread, fingerprints } of dismissals) {
    for (const each of fingerprints) if (!openFirst.has(each)) settledBy.set(each, thread.resolvedBy ?? "somebody");
  }
  const [settled, ...alsoSettled] = whole.findings.filter(({ fingerprint }) => settledBy.has(short(fingerprint)));
  const [first, ...others] = whole.findings.filter(({ fingerprint }) => !settledBy.has(short(fingerprint)));
  if (settled !== undefined) {
    const by = settledBy.get(short(settled.fingerprint)) ?? "somebody";
    plan.dismissed.push({ remark: { ...whole, findings: [settled, ...alsoSettled] }, by });
  }
  if (first === undefined) return;
  const remark: Remark = { ...whole, findings: [first, ...others] };
  const wanted = new Set(remark.findings.map(({ fingerprint }) => short(fingerprint)));
  const about = own.filter(
    ({ thread, fingerprints }) => !used.has(thread) && fingerprints.some((each) => wanted.has(each)),
  );
  const open = about.filter(isOpen);
  const home = best(open, wanted);
  if (home !== undefined) {
    for (const { thread } of open) used.add(thread);
    plan.keep.push({ thread: home.thread, remark });
    if (home.thread.outdated) plan.outdated.push(remark);
    const said = new Set([...wanted, ...home.fingerprints]);
    for (const { thread, fingerprints } of open) {
      if (thread === home.thread) continue;
      if (thread.replies === 0 && fingerprints.every((each) => said.has(each))) plan.duplicates.push(thread);
      else plan.open += 1;
    }
    return;
  }
  const closed = about.filter(({ thread, fixed }) =>
    thread.resolved ? thread.canReopen && (fixed || !byPerson(thread, viewer)) : fixed,
  );
  const back = best(closed, wanted);
  if (back === undefined) {
    plan.post.push(remark);
    return;
  }
  used.add(back.thread);
  plan.reopen.push({ thread: back.thread, remark });
  if (back.thread.outdated) plan.outdated.push(remark);
}

function byPerson({ resolved, resolvedBy }: Thread, viewer: string): boolean {
  return resolved && resolvedBy !== null && !isViewer(resolvedBy, viewer);
}

function isOpen({ thread, fixed }: Own): boolean {
  return !thread.resolved && !fixed;
}

/** The thread that says most of what is wanted; one whose line is still in the diff goes first. */
function best(candidates: readonly Own[], wanted: ReadonlySet<string>): Own | undefined {
  const score = ({ thread, fingerprints }: Own): number =>
    fingerprints.filter((each) => wanted.has(each)).length + (thread.outdated ? 0 : 1000);
  return [...candidates].sort((a, b) => score(b) - score(a))[0];
}

/** Fingerprints of findings that are still true, commented or not: their threads are not resolved. */
function stillThere(report: Report): Set<string> {
  const there = report.findings.filter(({ state, suppressed }) => state !== "fixed" && !suppressed);
  return new Set(there.map(({ fingerprint }) => short(fingerprint)));
}
