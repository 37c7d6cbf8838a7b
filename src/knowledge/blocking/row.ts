import { expand, expandAll, lastPart } from "../names.ts";

/** What a call spends its time on; `us` is microseconds, `ssd` a local file, `user` a person. */
export type Cost = "net" | "wait" | "proc" | "ssd" | "us" | "cpu" | "user";

/**
 * When a call on the event loop deserves a finding: every time, with much data or a slow peer, only where a body is streamed or a
 * queue is bounded and full, repeated in a loop, or not at all.
 */
export type When = "always" | "large" | "streamed" | "full" | "loop" | "never";

/** The kind of thing waited for. `lock` and `loop` calls belong to rules of their own. */
export type Category =
  | "http"
  | "sleep"
  | "sync"
  | "lock"
  | "loop"
  | "process"
  | "file"
  | "data"
  | "image"
  | "media"
  | "socket"
  | "dns"
  | "mail"
  | "ftp"
  | "telnet"
  | "ssh"
  | "nntp"
  | "ws"
  | "mq"
  | "serial"
  | "rpc"
  | "db"
  | "orm"
  | "cache"
  | "nosql"
  | "search"
  | "ldap"
  | "zk"
  | "cloud"
  | "llm"
  | "api"
  | "vcs"
  | "browser"
  | "logging"
  | "server"
  | "user"
  | "cheap";

export interface BlockingFact {
  name: string;
  category: Category;
  cost: Cost;
  when: When;
  /** Async alternatives by canonical name, separated by ` / `; `null` where only moving the call off the loop helps. */
  instead: string | null;
  note?: string;
  source: string;
}

export interface BlockingClass {
  /** `name` ends in `.*`; a `*` in `instead` stands for the method's name. */
  fact: BlockingFact;
  except: readonly string[];
}

/** Names (braces allowed), cost, when, alternative (`*` stands for the last part of the name), note. */
export type Row = readonly [names: string, cost: Cost, when: When, instead: string | null, note?: string];

/** Writes out rows that share a category and a source. */
export function rows(category: Category, source: string, list: readonly Row[]): BlockingFact[] {
  return list.flatMap(([names, cost, when, instead, note]) =>
    expandAll(names).map((name) => ({
      name,
      category,
      cost,
      when,
      instead: instead === null ? null : instead.replaceAll("*", lastPart(name)),
      ...(note === undefined ? {} : { note }),
      source,
    })),
  );
}

/** Classes (braces allowed), cost, alternative class or `*` pattern, names of methods that do not block, note. */
export type ClassRow = readonly [classes: string, cost: Cost, instead: string | null, except: string, note?: string];

/** Writes out class rows that share a category and a source. */
export function classes(category: Category, source: string, list: readonly ClassRow[]): BlockingClass[] {
  return list.flatMap(([names, cost, instead, except, note]) =>
    expandAll(names).map((name) => ({
      fact: {
        name: `${name}.*`,
        category,
        cost,
        when: "always" as const,
        instead,
        ...(note === undefined ? {} : { note }),
        source,
      },
      except: except === "" ? [] : except.trim().split(/\s+/).flatMap(expand),
    })),
  );
}
