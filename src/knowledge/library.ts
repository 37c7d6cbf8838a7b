import type { LibraryTables } from "../python/library.ts";
import { BLOCKING, BLOCKING_CLASSES } from "./blocking.ts";
import { CPU, CPU_CLASSES } from "./cpu.ts";
import { FRAMEWORK_DECORATORS, FRAMEWORK_HOOKS, FRAMEWORK_REGISTRATIONS } from "./frameworks.ts";
import { CALLBACKS, OFFLOAD } from "./offload.ts";
import { POOLS } from "./pools.ts";
import { TIMEOUTS } from "./timeouts.ts";
import { ALIASES, ATTRIBUTES, BASES, ELEMENTS, ITEMS, MODULE_ALIASES, OPERATORS, RETURNS } from "./types.ts";

/** Top-level modules of the standard library that concurrency code meets; other tables add the third-party ones. */
export const STANDARD_LIBRARY: ReadonlySet<string> = new Set(
  `abc argparse array ast asyncio atexit base64 bisect builtins bz2 calendar cmd code codecs collections concurrent configparser
contextlib contextvars copy csv ctypes dataclasses datetime dbm decimal difflib dis email enum errno faulthandler fcntl fileinput fnmatch fractions
ftplib functools gc getpass gettext glob gzip hashlib heapq hmac html http imaplib importlib inspect io ipaddress itertools json linecache locale
logging lzma marshal math mimetypes mmap multiprocessing netrc numbers operator os pathlib pdb pickle pkgutil platform plistlib poplib pprint
profile pstats pty queue random re readline reprlib resource runpy sched secrets select selectors shelve shlex shutil signal site smtplib socket
socketserver sqlite3 ssl stat statistics string struct subprocess symtable sys sysconfig syslog tarfile telnetlib tempfile termios textwrap
threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle types typing unicodedata unittest urllib uuid venv
warnings wave weakref webbrowser wsgiref xml xmlrpc zipfile zipimport zlib zoneinfo _thread __future__`.split(/\s+/),
);

let tables: LibraryTables | undefined;

/** The tables about types, as the inference reads them. */
export function libraryTables(): LibraryTables {
  tables ??= joinedTables();
  return tables;
}

function joinedTables(): LibraryTables {
  const known = new Set<string>([
    ...BLOCKING.keys(),
    ...RETURNS.keys(),
    ...OFFLOAD.keys(),
    ...CALLBACKS.keys(),
    ...FRAMEWORK_DECORATORS.keys(),
    ...FRAMEWORK_REGISTRATIONS.keys(),
    ...FRAMEWORK_HOOKS.keys(),
  ]);
  const tops = new Set<string>(STANDARD_LIBRARY);
  for (const name of [...known, ...ALIASES.keys(), ...BASES.keys(), ...BLOCKING_CLASSES.keys(), ...ATTRIBUTES.keys()])
    if (name.includes(".")) tops.add(name.slice(0, name.indexOf(".")));
  // Their packages are no libraries on that account: `markdown.py` or `dbutils.py` may be the project's own.
  for (const name of [...CPU.keys(), ...TIMEOUTS.keys(), ...POOLS.keys()]) known.add(name);
  return {
    aliases: ALIASES,
    moduleAliases: MODULE_ALIASES,
    bases: BASES,
    returns: RETURNS,
    attributes: ATTRIBUTES,
    elements: ELEMENTS,
    items: ITEMS,
    operators: OPERATORS,
    isKnown: (name) => known.has(name) || classCovers(name),
    isLibrary: (top) => tops.has(top),
  };
}

function classCovers(name: string): boolean {
  const dot = name.lastIndexOf(".");
  if (dot <= 0) return false;
  const owner = name.slice(0, dot);
  return BLOCKING_CLASSES.has(owner) || CPU_CLASSES.has(owner);
}
