import type { Place } from "../finding.ts";
import { sourceOf } from "../python/module.ts";
import { lifetimesOf } from "../runtime/lifetimes/lifetimes.ts";
import { waitsOf } from "../runtime/waits/timeouts.ts";
import { type Evidence, type Examination, isProgram, placeAt, quoted } from "./item.ts";

/** Sessions, clients and connections that are closed on every way, or live as long as the program. */
export function clientEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  for (const { opening, fate } of lifetimesOf(runtime)) {
    const { func, call, resource } = opening;
    if (resource.kind === "executor" || !isProgram(runtime, func.module)) continue;
    const what = quoted(sourceOf(func.module, call.callee));
    if (fate === "closed") shows.push(placeAt(func.module, call, `${what} is closed on every way`));
    else if (fate === "global") shows.push(placeAt(func.module, call, `${what} is opened once for the whole program`));
  }
  return { shows, open: [] };
}

/** Calls that wait no longer than a limit. */
export function waitEvidence({ runtime }: Examination): Evidence {
  const limited: Place[] = [];
  const ending: Place[] = [];
  for (const { func, callee, limit, fact } of waitsOf(runtime)) {
    if (fact.group === "limit" || !isProgram(runtime, func.module)) continue;
    const what = quoted(sourceOf(func.module, callee));
    if (limit === "limited") limited.push(placeAt(func.module, callee, `${what} has a time limit`));
    else ending.push(placeAt(func.module, callee, `${what} waits for what the program itself ends`));
  }
  return { shows: limited.length > 0 ? limited : ending, open: [] };
}
