import type { Finding, Place } from "../finding.ts";
import type { ChecklistAnswer } from "../report.ts";
import { type Examination, type Item, inOrder } from "./item.ts";
import { ITEMS } from "./items.ts";

export type { Examination } from "./item.ts";

/** An answer shows so many places at most. */
export const MOST_EVIDENCE = 8;

/** Answers every question of the checklist: what fails or passes shows by what, what is open says what to look at. */
export function checklistOf(examination: Examination): ChecklistAnswer[] {
  return ITEMS.map((item) => answer(item, examination));
}

function answer(item: Item, examination: Examination): ChecklistAnswer {
  const { id, question, rules, concerns } = item;
  const own = examination.findings.filter(
    (finding) =>
      rules.includes(finding.rule) && finding.state !== "fixed" && (concerns?.(finding, examination) ?? true),
  );
  const failing = own.filter(({ suppressed }) => !suppressed);
  const { shows: found, open } = item.evidence(examination);
  const shows = [...own.filter(({ suppressed }) => suppressed).map(ignoredPlace), ...found];
  const base = { id, question, findings: failing.map(({ fingerprint }) => fingerprint) };
  if (failing.length > 0) return { ...base, status: "fail", evidence: cut(failing.map(placeOf)) };
  const misfit = item.misfits?.(examination) ?? [];
  if (misfit.length > 0) return { ...base, status: "fail", evidence: cut(inOrder(misfit)) };
  if (open.length > 0) return { ...base, status: "unknown", evidence: cut([...inOrder(open), ...inOrder(shows)]) };
  if (shows.length === 0) return { ...base, status: "not-applicable", evidence: [] };
  const [first] = shows;
  const idle = rules.filter((rule) => !examination.ran.has(rule));
  if (idle.length > 0 && first)
    return { ...base, status: "unknown", evidence: [{ ...first, message: `${rulesWords(idle)} did not run` }] };
  return { ...base, status: "pass", evidence: cut(inOrder(shows)) };
}

function rulesWords(rules: readonly string[]): string {
  return rules.map((rule) => `\`${rule}\``).join(", ");
}

/** Whoever ignores a finding answers for it. */
function ignoredPlace({ path, startLine, message }: Finding): Place {
  return { path, line: startLine, message: `ignored on purpose: ${message}` };
}

function placeOf({ path, startLine, message }: Finding): Place {
  return { path, line: startLine, message };
}

function cut(places: readonly Place[]): Place[] {
  return places.slice(0, MOST_EVIDENCE);
}
