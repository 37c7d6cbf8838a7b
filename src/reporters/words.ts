import type { Change, ChecklistAnswer, Model, Recommendation, Workload } from "../report.ts";

const WORKLOADS: Record<Workload, string> = { io: "I/O", cpu: "CPU", mixed: "mixed", unknown: "unknown" };

/** Models as they read in a sentence. */
export const MODELS: Record<Model, string> = {
  sequential: "one after the other",
  asyncio: "asyncio",
  threads: "threads",
  processes: "processes",
  "asyncio+threads": "asyncio with threads",
  "asyncio+processes": "asyncio with processes",
  interpreters: "interpreters",
};

/** What the work is, and what it does with the GIL where that matters. */
export function workloadWords({ workload, gil }: Pick<Recommendation, "workload" | "gil">): string {
  const isComputing = workload === "cpu" || workload === "mixed";
  const words = { holds: "holds the GIL", releases: "releases the GIL", mixed: "partly holds the GIL" };
  return isComputing && gil !== null ? `${WORKLOADS[workload]}, ${words[gil]}` : WORKLOADS[workload];
}

/** What it uses today and what it should. */
export function modelWords({
  current,
  recommended,
  fits,
}: Pick<Recommendation, "current" | "recommended" | "fits">): string {
  if (fits === null) return `today ${MODELS[current]}, measure before changing`;
  return fits ? `${MODELS[current]} fits` : `today ${MODELS[current]}, better ${MODELS[recommended]}`;
}

const STATUSES = { pass: "pass", fail: "fail", unknown: "unknown", "not-applicable": "not applicable" };

/** How many items have which answer: `9 pass, 2 fail`. */
export function statusWords(answers: readonly ChecklistAnswer[]): string {
  return (["fail", "unknown", "pass", "not-applicable"] as const)
    .map((status) => ({ status, number: answers.filter((answer) => answer.status === status).length }))
    .filter(({ number }) => number > 0)
    .map(({ status, number }) => `${number} ${STATUSES[status]}`)
    .join(", ");
}

/** An answer in words. */
export function statusWord(status: ChecklistAnswer["status"]): string {
  return STATUSES[status];
}

const COMMANDS =
  /^(?:[A-Z_]+=\S+ +)*(?:sudo +)?(?:python|py-spy|pip|pytest|uvicorn|gunicorn|celery|perf|time|wrk|hey|oha|ab|locust|memray|psql|scalene|for|watch)(?:[\d.]*) /;

/** Whether a step of a verification is typed into a shell; the others are sentences. */
export function isCommand(step: string): boolean {
  return COMMANDS.test(step);
}

/** Both versions as a diff; lines that stay come once. */
export function difference({ before, after }: Change): string {
  const old = before.split("\n");
  const now = after.split("\n");
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same++;
  return [
    ...old.slice(0, same).map((line) => `  ${line}`),
    ...old.slice(same).map((line) => `- ${line}`),
    ...now.slice(same).map((line) => `+ ${line}`),
  ].join("\n");
}
