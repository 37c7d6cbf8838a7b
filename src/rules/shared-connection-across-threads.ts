import { type ForeignUse, foreignUses } from "../runtime/state/thread-bound.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { code } from "./words.ts";

export const sharedConnectionAcrossThreads: Rule = {
  id: "shared-connection-across-threads",
  title: "Connection or session shared by threads that must not share it",
  severity: "warning",
  group: "Threads",
  why: "The object keeps one conversation, or one set of pending changes, at a time. Two threads on it read each other's answers, commit each other's half-done work, or are refused.",
  instead: "Make one in each thread, or take one from a pool.",
  bad: `
import threading

import pymysql

mysql = pymysql.connect(host="db", user="shop", read_timeout=10, write_timeout=10)


def archive(table):
    with mysql.cursor() as rows:
        rows.execute(f"INSERT INTO archive_{table} SELECT * FROM {table}")


def archive_all():
    threads = [threading.Thread(target=archive, args=(table,)) for table in ("orders", "items")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=600)
`,
  good: `
import contextlib
import threading

import pymysql


def archive(table):
    with contextlib.closing(pymysql.connect(host="db", user="shop", read_timeout=10, write_timeout=10)) as mysql:
        with mysql.cursor() as rows:
            rows.execute(f"INSERT INTO archive_{table} SELECT * FROM {table}")


def archive_all():
    threads = [threading.Thread(target=archive, args=(table,)) for table in ("orders", "items")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=600)
`,
  *detect(runtime) {
    for (const use of foreignUses(runtime)) yield detection(use);
  },
};

function detection(use: ForeignUse): Detection {
  const { func, at, object, bound, origin, region, changed, doubt } = use;
  const shown = code(func.module, object);
  return {
    func,
    at,
    message: messageOf(use, shown),
    instead: `${bound.instead[0]?.toUpperCase()}${bound.instead.slice(1)}.`,
    trace: [{ module: origin.module, at: origin.expression, message: `${shown} is made here` }, ...startOf(region)],
    severity: bound.outcome === "raises" ? "error" : "warning",
    doubt,
    subject: `${bound.label}>${changed ?? ""}`,
  };
}

function messageOf({ bound, changed, region }: ForeignUse, shown: string): string {
  if (changed !== null)
    return `a thread changes \`${changed}\` of the ${bound.label} ${shown} that other threads send requests with`;
  if (bound.outcome === "raises")
    return `${shown} is a ${bound.label} made in another thread: using it here raises an error`;
  return region.several
    ? `several threads use the ${bound.label} ${shown} at once`
    : `${shown}, a ${bound.label}, is used here in a thread and elsewhere in another`;
}

function startOf({ submission }: ForeignUse["region"]): Related[] {
  if (!submission) return [];
  return [
    {
      module: submission.func.module,
      at: submission.call,
      message: `${code(submission.func.module, submission.call.callee)} runs it in a thread`,
    },
  ];
}
