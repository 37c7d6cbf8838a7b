/** A program that serves requests or tasks with workers of its own. */
export type Server = "gunicorn" | "uvicorn" | "hypercorn" | "celery" | "granian" | "uwsgi";

/** What an option of a server decides. `concurrency` is Celery's: processes or threads, as its pool says. */
export type Decides = "workers" | "threads" | "connections" | "class" | "app" | "config" | "concurrency" | "autoscale";

/** The options of one server that decide how much it does at once. */
interface ServerOptions {
  options: Readonly<Record<string, Decides>>;
  /** Environment variables that count where no option is given. */
  variables: Readonly<Record<string, Decides>>;
  /** The environment variable that holds further options. */
  extra: string | null;
}

/** The servers by the name of their command. */
export const SERVERS: Readonly<Record<Server, ServerOptions>> = {
  gunicorn: {
    options: {
      "-w": "workers",
      "--workers": "workers",
      "--threads": "threads",
      "-k": "class",
      "--worker-class": "class",
      "--worker-connections": "connections",
      "-c": "config",
      "--config": "config",
    },
    variables: { WEB_CONCURRENCY: "workers" },
    extra: "GUNICORN_CMD_ARGS",
  },
  uvicorn: {
    options: { "--workers": "workers", "--limit-concurrency": "connections" },
    variables: { WEB_CONCURRENCY: "workers", UVICORN_WORKERS: "workers" },
    extra: null,
  },
  hypercorn: {
    options: { "-w": "workers", "--workers": "workers", "-k": "class", "--worker-class": "class" },
    variables: {},
    extra: null,
  },
  celery: {
    options: {
      "-c": "concurrency",
      "--concurrency": "concurrency",
      "--autoscale": "autoscale",
      "-P": "class",
      "--pool": "class",
      "-A": "app",
      "--app": "app",
    },
    variables: {},
    extra: null,
  },
  granian: {
    options: {
      "--workers": "workers",
      "--threads": "threads",
      "--blocking-threads": "threads",
      "--interface": "class",
      "--backpressure": "connections",
    },
    variables: { GRANIAN_WORKERS: "workers", GRANIAN_BLOCKING_THREADS: "threads", GRANIAN_INTERFACE: "class" },
    extra: null,
  },
  uwsgi: {
    options: {
      "-p": "workers",
      "--processes": "workers",
      "--workers": "workers",
      "--threads": "threads",
      "-w": "app",
      "--module": "app",
      "--wsgi": "app",
      "--gevent": "connections",
    },
    variables: { UWSGI_PROCESSES: "workers", UWSGI_WORKERS: "workers", UWSGI_THREADS: "threads" },
    extra: null,
  },
};

/** An option as it is written in a command. */
export interface GivenOption {
  decides: Decides;
  value: string;
  /** The author's own words. */
  written: string;
}

/** A server's command taken apart. */
export interface ServerCommand {
  server: Server;
  options: readonly GivenOption[];
  app: string | null;
}

/** Finds the server that a command starts, behind `poetry run`, `python -m`, `exec` and the like; `null` if it starts none. */
export function serverCommand(words: readonly string[]): ServerCommand | null {
  const own = words.slice(words.findIndex((word) => !LEADERS.has(word) && !/^\w+=/.test(word)));
  if (own.length === 0 || OTHERS.has(baseName(own[0] ?? ""))) return null;
  for (const [index, word] of own.entries()) {
    if (NAMING.has(word)) return null;
    const server = serverOf(word, own[index + 1]);
    if (!server) continue;
    const rest = own.slice(index + 1);
    // Celery's other commands (beat, flower, inspect) run no tasks.
    if (server === "celery" && !rest.includes("worker")) return null;
    return { server, ...optionsOf(server, rest) };
  }
  return null;
}

/** The options of a text like that of `GUNICORN_CMD_ARGS`, and the application among the words that are no option. */
export function optionsOf(server: Server, words: readonly string[]): { options: GivenOption[]; app: string | null } {
  const { options } = SERVERS[server];
  const found: GivenOption[] = [];
  let app: string | null = null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const [, name, joined] = /^(--[\w-]+)(?:=(.*))?$/s.exec(word) ?? /^(-\w)(.+)?$/s.exec(word) ?? [];
    if (name === undefined) {
      app ??= isApplication(word) ? word : null;
      continue;
    }
    const decides = Object.hasOwn(options, name) ? options[name] : undefined;
    const takesNext =
      joined === undefined && !FLAGS.has(name) && words[i + 1] !== undefined && !/^-\D/.test(words[i + 1] ?? "");
    const value = joined ?? (takesNext ? (words[i + 1] ?? "") : "");
    if (takesNext) i++;
    if (decides === undefined) continue;
    if (decides === "app") app = value;
    else found.push({ decides, value, written: joined === undefined ? `${name} ${value}` : word });
  }
  return { options: found, app };
}

function serverOf(word: string, next: string | undefined): Server | null {
  const name = baseName(word);
  if (name === "fastapi") return next === "run" ? "uvicorn" : null;
  return SERVER_NAMES.find((server) => server === name) ?? null;
}

const SERVER_NAMES: readonly Server[] = ["gunicorn", "uvicorn", "hypercorn", "celery", "granian", "uwsgi"];

function baseName(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}

/** `shop.main:app`, `shop.main:create_app()` or `shop.wsgi`, but no address and no file. */
function isApplication(word: string): boolean {
  return (
    /^(?!(?:unix|fd|tcp|file|https?):)[A-Za-z_]\w*(?:\.\w+)*(?::[A-Za-z_]\w*(?:\.\w+)*(?:\(.*\))?|(?<=\.\w+))$/s.test(
      word,
    ) && !/\.(?:py|conf|ini|json|yaml|yml|sock|log|sh)$/.test(word)
  );
}

/** Words before a command that change nothing about which it is. */
const LEADERS = new Set(["exec", "then", "else", "do", "if", "while", "!", "{", "nohup", "time", "env", "eval"]);

/** Commands that only speak about a server. */
const OTHERS = new Set(
  `pip pip3 apt apt-get apk yum dnf brew conda echo printf which command type hash pkill killall kill pgrep grep ps test [ [[ rm cp mv mkdir
  chown chmod cat touch sed awk curl wget supervisorctl systemctl service export unset source .`.split(/\s+/),
);

/** Words after which a server's name is only a name. */
const NAMING = new Set("install add remove uninstall show list up down start stop restart status logs".split(" "));

/** Options without a value, so that the word after them is the application. */
const FLAGS = new Set(
  `--reload --preload --factory --proxy-headers --no-proxy-headers --no-access-log --use-colors --no-use-colors --daemon -D --capture-output
  --check-config --spew --enable-stdio-inheritance --reuse-port --log-syslog --no-sendfile --server-header --no-server-header --date-header
  --no-date-header --debug --help --version -v -q -E -B --beat --events --task-events --without-gossip --without-mingle --without-heartbeat
  --enable-threads --master -M --die-on-term --vacuum --lazy-apps`.split(/\s+/),
);
