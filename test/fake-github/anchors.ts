import { holds, type Pull, pullDiff, type Store } from "./store.ts";

/** Where a comment asks to be placed. */
export interface Place {
  path: string;
  line: number | null;
  side: "LEFT" | "RIGHT";
  startLine: number | null;
  startSide: "LEFT" | "RIGHT" | null;
}

export const LINE_FAULT = "Pull request review thread line must be part of the diff";

/** Why GitHub refuses a place, in its own words; `null` when it accepts it. */
export function placeFault(store: Store, pull: Pull, commit: string, place: Place): string | null {
  const entry = pullDiff(store, pull, commit).find(({ path }) => path === place.path);
  if (entry === undefined) return "Path could not be resolved";
  if (entry.patch === null) return "Pull request review thread diff hunk can't be blank";
  const { line, startLine } = place;
  if (store.refusedPlaces.has(`${place.path}:${line}`)) return "Line could not be resolved";
  if (line === null) return "Pull request review thread line can't be blank";
  const side = place.side === "LEFT" ? "left" : "right";
  const hunk = entry.hunks.find((each) => holds(each[side], line));
  if (hunk === undefined) return LINE_FAULT;
  if (startLine === null) return null;
  const startSide = (place.startSide ?? place.side) === "LEFT" ? "left" : "right";
  if (startSide === side && startLine >= line)
    return "Pull request review thread start line must precede the end line.";
  if (!entry.hunks.some((each) => holds(each[startSide], startLine))) {
    return "Pull request review thread start line must be part of the diff";
  }
  return holds(hunk[startSide], startLine)
    ? null
    : "Pull request review thread start line must be part of the same hunk as the line.";
}
