import type { Place } from "../finding.ts";
import { sourceOf } from "../python/module.ts";
import { submissionsOf } from "../runtime/pools/submissions.ts";
import { launchesOf } from "../runtime/processes/launches.ts";
import { type Evidence, type Examination, isProgram, placeAt, quoted } from "./item.ts";

/** What goes to processes with the work: nothing that any rule found large. */
export function pickleEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  for (const { to, func, call, callable } of submissionsOf(runtime)) {
    if (to !== "process" || !isProgram(runtime, func.module)) continue;
    const what = callable ? quoted(sourceOf(func.module, callable)) : "the work";
    shows.push(placeAt(func.module, call, `${what} takes little with it to its process`));
  }
  return { shows, open: [] };
}

/** Child processes, and how they end. */
export function childEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  for (const func of runtime.graph.funcs) {
    if (!isProgram(runtime, func.module)) continue;
    for (const { fact, site } of launchesOf(runtime).direct(func))
      if (fact.kind === "process")
        shows.push(
          placeAt(
            func.module,
            site.node,
            fact.label === "`Process`"
              ? `the ${fact.label} is joined, and its end looked at`
              : `the ${fact.label} looks after its children`,
          ),
        );
  }
  return { shows, open: [] };
}

/** How child processes are started. */
export function startEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  const open: Place[] = [];
  for (const func of runtime.graph.funcs) {
    if (!isProgram(runtime, func.module)) continue;
    for (const { fact, site } of launchesOf(runtime).direct(func)) {
      if (fact.kind !== "process") continue;
      const { choice, label } = fact;
      if (choice?.method)
        shows.push(
          placeAt(func.module, site.node, `${label} starts its children by \`${choice.method}\`${FROM[choice.from]}`),
        );
      else
        open.push(
          placeAt(
            func.module,
            site.node,
            `by which method ${label} starts its children is not known here: look at \`set_start_method\` and the context`,
          ),
        );
    }
  }
  return { shows, open };
}

const FROM = { context: "", program: ", as the program sets it", default: ", the default of this Python" };
