import { expect, test } from "vitest";
import { constantsOf } from "../src/python/constants.ts";
import { callGraphOf } from "../src/runtime/graph/callgraph.ts";
import type { Amount, ServerSetting } from "../src/runtime/servers/server-setting.ts";
import { isSettingsFile, serverSettingsOf } from "../src/runtime/servers/server-settings.ts";
import { loadProject } from "./projects.ts";

async function settings(files: Record<string, string>): Promise<readonly ServerSetting[]> {
  const { inference } = await loadProject(files);
  const texts = new Map(Object.entries(files).filter(([path]) => isSettingsFile(path)));
  const graph = callGraphOf(inference, { get: () => undefined, isDeclared: () => false }, () => false);
  return serverSettingsOf(texts, graph, constantsOf(inference));
}

function short(amount: Amount | null): string | number | null {
  if (!amount) return null;
  const value =
    amount.exact ?? (amount.high === Number.POSITIVE_INFINITY ? `unknown ${amount.formula}` : amount.formula);
  return amount.doubt === 0 ? value : `${value}?`;
}

/** Each setting as one line of text. */
async function lines(files: Record<string, string>): Promise<string[]> {
  return (await settings(files)).map((one) => {
    const parts = [
      `${one.path}:${one.line} ${one.server}`,
      one.app,
      one.workers && `workers ${short(one.workers)}`,
      one.threads && `threads ${short(one.threads)}`,
      one.connections && `connections ${short(one.connections)}`,
      one.brokerPool && `broker ${short(one.brokerPool)}`,
      one.workerClass,
    ];
    return parts.filter((part) => part !== null).join(", ");
  });
}

test("Procfile", async () => {
  const Procfile = `web: gunicorn -w 4 --threads=8 shop.wsgi:app --log-file -
asgi: uvicorn shop.main:app --host 0.0.0.0 --port $PORT --workers \${WEB_CONCURRENCY:-3}
worker: celery -A shop worker -c 16 -P gevent -l info
beat: celery -A shop beat
release: python manage.py migrate
`;
  expect(await lines({ Procfile })).toEqual([
    "Procfile:1 gunicorn, shop.wsgi:app, workers 4, threads 8",
    "Procfile:2 uvicorn, shop.main:app, workers 3?",
    "Procfile:3 celery, shop, workers 1, threads 16, gevent",
  ]);
});

test.each([
  [
    "gunicorn -k uvicorn.workers.UvicornWorker -w4 shop:app",
    "gunicorn, shop:app, workers 4, uvicorn.workers.UvicornWorker",
  ],
  ["exec gunicorn shop.wsgi", "gunicorn, shop.wsgi"],
  ["poetry run gunicorn 'shop:create_app()' -w 2", "gunicorn, shop:create_app(), workers 2"],
  ["WEB_CONCURRENCY=5 python -m gunicorn --preload shop:app", "gunicorn, shop:app, workers 5"],
  [
    "/venv/bin/gunicorn -b unix:gunicorn.sock --worker-class gevent --worker-connections 500 shop:app",
    "gunicorn, shop:app, connections 500, gevent",
  ],
  ["gunicorn -w $(nproc) shop:app", "gunicorn, shop:app, workers cpu"],
  ["gunicorn -w $((2 * $(nproc) + 1)) shop:app", "gunicorn, shop:app, workers 2 * cpu + 1"],
  ["gunicorn -w $WORKERS shop:app", "gunicorn, shop:app, workers unknown $WORKERS?"],
  [
    "GUNICORN_CMD_ARGS='--workers=6 --threads 2' gunicorn --threads 4 shop:app",
    "gunicorn, shop:app, workers 6, threads 4",
  ],
  ['sh -c "python manage.py migrate && gunicorn -w 3 shop.wsgi"', "gunicorn, shop.wsgi, workers 3"],
  ["fastapi run app/main.py --workers 4", "uvicorn, workers 4"],
  ["uvicorn --factory shop.main:create --limit-concurrency 100", "uvicorn, shop.main:create, connections 100"],
  ["hypercorn -w 2 -k uvloop shop:app", "hypercorn, shop:app, workers 2, uvloop"],
  [
    "granian --interface wsgi --workers 2 --blocking-threads 4 shop:app",
    "granian, shop:app, workers 2, threads 4, wsgi",
  ],
  ["uwsgi --http :8000 --module shop.wsgi:app --processes 4 --threads 2", "uwsgi, shop.wsgi:app, workers 4, threads 2"],
  [
    "celery --app=shop.tasks worker --concurrency=8 --pool=threads",
    "celery, shop.tasks, workers 1, threads 8, threads",
  ],
  ["celery -A shop worker --autoscale=10,3", "celery, shop, workers 10"],
  [`celery -A shop worker -P \${POOL:-gevent} -c 50`, "celery, shop, workers 1, threads 50, gevent"],
  ["celery -A shop worker -P $POOL -c 5", "celery, shop, workers 5"],
  ["celery -A shop worker -P solo", "celery, shop, workers 1, threads 1, solo"],
])("%s", async (command, setting) => {
  expect(await lines({ Procfile: `web: ${command}\n` })).toEqual([`Procfile:1 ${setting}`]);
});

test.each([
  "pip install gunicorn uvicorn",
  "uv pip install 'gunicorn>=20'",
  "poetry add gunicorn",
  "pkill -f gunicorn",
  "echo gunicorn -w 4 shop:app",
  "supervisorctl restart gunicorn",
  "celery -A shop flower",
  "python app.py --workers 4",
  "gunicorn",
])("%s starts no server", async (command) => {
  expect(await lines({ Procfile: `web: ${command}\n`, "start.sh": `${command}\n` })).toEqual([]);
});

test("Dockerfile: forms, stages, continued lines, variables", async () => {
  const Dockerfile = `FROM python:3.12 AS base
ARG THREADS=4
ENV WEB_CONCURRENCY=3 OTHER="x y"
RUN pip install gunicorn
FROM base AS web
# the web server
CMD ["gunicorn", "--threads", "2", \\
     # between lines
     "shop.wsgi:app"]
FROM base AS worker
ENTRYPOINT ["celery", "-A", "shop"]
CMD ["worker", "-c", "8"]
FROM base
HEALTHCHECK --interval=5s \\
  CMD curl localhost
CMD gunicorn --bind :8000 --workers 2 \\
    --threads $THREADS shop.wsgi:app
`;
  expect(await lines({ Dockerfile })).toEqual([
    "Dockerfile:7 gunicorn, shop.wsgi:app, workers 3, threads 2",
    "Dockerfile:12 celery, shop, workers 8",
    "Dockerfile:16 gunicorn, shop.wsgi:app, workers 2, threads 4?",
  ]);
});

test("where amounts come from", async () => {
  const [first] = await settings({ "docker/Dockerfile": `ENV N=3\nCMD gunicorn -w \${N:-2} shop:app\n` });
  expect(first?.workers).toMatchObject({
    exact: 3,
    doubt: 1,
    from: [
      { path: "docker/Dockerfile", line: 2, words: `\`-w \${N:-2}\`` },
      { path: "docker/Dockerfile", line: 1, words: "`N=3`" },
    ],
  });
  const [second] = await settings({ Dockerfile: "ENV WEB_CONCURRENCY 3\nCMD gunicorn shop:app\n" });
  expect(second?.workers?.from).toEqual([{ path: "Dockerfile", line: 1, words: "`WEB_CONCURRENCY=3`" }]);
  expect(second?.words).toBe("`gunicorn` in `Dockerfile`");
});

test("compose files", async () => {
  const compose = `x-base: &base
  image: shop
services:
  web:
    <<: *base
    command: gunicorn -w \${WORKERS:-4} shop.wsgi:app  # the site
    environment:
      WEB_CONCURRENCY: "9"
  api:
    command: >
      sh -c "alembic upgrade head &&
             uvicorn shop.main:app"
    environment:
    - WEB_CONCURRENCY=2
  worker:
    command: ["celery", "-A", "shop", "worker", "--concurrency=6"]
  slow:
    entrypoint: celery
    command:
      - -A
      - shop
      - worker
      - "-c"
      - '2'
  db:
    image: postgres
    healthcheck:
      test: ["CMD", "pg_isready"]
`;
  expect(await lines({ "deploy/docker-compose.prod.yml": compose })).toEqual([
    "deploy/docker-compose.prod.yml:6 gunicorn, shop.wsgi:app, workers 4?",
    "deploy/docker-compose.prod.yml:10 uvicorn, shop.main:app, workers 2",
    "deploy/docker-compose.prod.yml:16 celery, shop, workers 6",
    "deploy/docker-compose.prod.yml:19 celery, shop, workers 2",
  ]);
  expect(
    await lines({ "compose.yaml": "services:\n  web:\n    command: gunicorn -w $N shop:app\n", ".env": "N=7\n" }),
  ).toEqual(["compose.yaml:3 gunicorn, shop:app, workers 7?"]);
});

test("systemd units and supervisor", async () => {
  const unit = `[Service]
Environment="THREADS=4" WORKERS=2
ExecStart=/srv/venv/bin/gunicorn --workers $WORKERS \\
    --threads \${THREADS} shop.wsgi:app
`;
  const supervisor = `[program:web]
command = /srv/venv/bin/gunicorn -w %(ENV_N)s
    shop.wsgi:app ; the site
environment = N="3",LANG="C"
[program:worker]
command=celery -A shop worker -c 5
`;
  expect(await lines({ "deploy/shop.service": unit, "etc/supervisord.conf": supervisor })).toEqual([
    "deploy/shop.service:3 gunicorn, shop.wsgi:app, workers 2?, threads 4?",
    "etc/supervisord.conf:2 gunicorn, shop.wsgi:app, workers 3?",
    "etc/supervisord.conf:6 celery, shop, workers 5",
  ]);
});

test("shell scripts", async () => {
  const script = `#!/bin/sh
set -e
# gunicorn -w 99 old:app
WORKERS=\${WORKERS:-4}
export THREADS="2"
: "\${CLASS:=gthread}"
if [ "$1" = "web" ]; then
  exec gunicorn shop.wsgi:app \\
    --workers "$WORKERS" --threads $THREADS
else
  pip install gunicorn && celery -A shop worker
fi
`;
  expect(await lines({ "docker/entrypoint.sh": script })).toEqual([
    "docker/entrypoint.sh:8 gunicorn, shop.wsgi:app, workers 4?, threads 2?",
    "docker/entrypoint.sh:11 celery, shop",
  ]);
});

test("uWSGI's own file", async () => {
  const ini = "[uwsgi]\nmodule = shop.wsgi:app\nmaster = true\nprocesses = %k\nthreads = 2\n";
  expect(await lines({ "uwsgi.ini": ini })).toEqual(["uwsgi.ini:2 uwsgi, shop.wsgi:app, workers cpu, threads 2"]);
});

test("Gunicorn's file completes the command that uses it", async () => {
  const conf = `import multiprocessing
import os
workers = int(os.getenv("WEB_CONCURRENCY", multiprocessing.cpu_count() * 2 + 1))
threads = 4
worker_class = "gthread"
`;
  expect(await lines({ "gunicorn.conf.py": conf })).toEqual([
    "gunicorn.conf.py:3 gunicorn, workers cpu * 2 + 1?, threads 4, gthread",
  ]);
  expect(await lines({ "gunicorn.conf.py": conf, Procfile: "web: gunicorn --threads 2 shop:app\n" })).toEqual([
    "Procfile:1 gunicorn, shop:app, workers cpu * 2 + 1?, threads 2, gthread",
  ]);
  const named = {
    "conf/gunicorn_conf.py": "workers = unknown()\n",
    Procfile: "web: gunicorn -c conf/gunicorn_conf.py shop:app\n",
  };
  expect(await lines(named)).toEqual(["Procfile:1 gunicorn, shop:app, workers unknown workers = unknown()?"]);
  expect(await lines({ "shop/gunicorn.py": "def start():\n    pass\n" })).toEqual([]);
});

test("servers that code starts", async () => {
  const files = {
    "shop/__init__.py": "",
    "shop/main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    "shop/config.py": "WORKERS = 4\n",
    "run.py": `import uvicorn
from shop.config import WORKERS
from shop.main import app

if __name__ == "__main__":
    uvicorn.run("shop.main:app", workers=WORKERS)
    uvicorn.run(app, limit_concurrency=50)
`,
  };
  expect(await lines(files)).toEqual([
    "run.py:6 uvicorn, shop.main:app, workers 4",
    "run.py:7 uvicorn, shop.main:app, connections 50",
  ]);
  const [first] = await settings(files);
  expect(first?.workers?.from).toEqual([
    { path: "run.py", line: 6, words: "`workers=WORKERS`" },
    { path: "shop/config.py", line: 1, words: "`WORKERS = 4`" },
  ]);
});

test("Celery's configuration in code", async () => {
  const app = 'from celery import Celery\napp = Celery("shop")\n';
  const conf = "app.conf.worker_concurrency = 8\napp.conf.update(broker_pool_limit=20, task_acks_late=True)\n";
  expect(await lines({ "shop/celery.py": app + conf })).toEqual([
    "shop/celery.py:2 celery, shop.celery:app, workers 8, broker 20",
  ]);
  expect(await lines({ "shop/celery.py": app + conf, Procfile: "worker: celery -A shop worker -P gevent\n" })).toEqual([
    "Procfile:1 celery, shop, workers 1, threads 8, broker 20, gevent",
  ]);
  expect(await lines({ "shop/celery.py": app + conf, Procfile: "worker: celery -A shop worker -c 2\n" })).toEqual([
    "Procfile:1 celery, shop, workers 2, broker 20",
  ]);
  const dict = 'app.conf.update({"worker_concurrency": 3, "worker_pool": "threads"})\n';
  expect(await lines({ "shop/celery.py": app + dict })).toEqual([
    "shop/celery.py:2 celery, shop.celery:app, workers 1, threads 3, threads",
  ]);
  expect(
    await lines({
      "shop/celery.py": `${app}app.config_from_object("celeryconfig")\n`,
      "celeryconfig.py": "worker_concurrency = 6\n",
    }),
  ).toEqual(["shop/celery.py:2 celery, shop.celery:app, workers 6"]);
  expect(
    await lines({
      "shop/celery.py": `${app}app.config_from_object("django.conf:settings", namespace="CELERY")\n`,
      "shop/settings.py": "CELERY_WORKER_CONCURRENCY = 12\n",
    }),
  ).toEqual(["shop/celery.py:2 celery, shop.celery:app, workers 12"]);
  expect(await lines({ "a.py": `${app}app.conf.worker_concurrency = 1\n`, "b.py": app })).toEqual([
    "a.py:2 celery, a:app, workers 1",
    "b.py:2 celery, b:app",
  ]);
});

test("files that count", () => {
  const yes = [
    "Procfile",
    "Dockerfile",
    "docker/Dockerfile.prod",
    "docker-compose.yml",
    "compose.prod.yaml",
    "a/web.service",
    "supervisord.conf",
  ].concat([
    "supervisor/conf.d/web.conf",
    "start-web.sh",
    "docker-entrypoint.sh",
    "bin/docker-entrypoint",
    "etc/worker.conf",
    "run.sh",
    "uwsgi.ini",
    ".env",
    ".env.prod",
  ]);
  const no = [
    "README.md",
    "nginx.conf",
    "setup.cfg",
    "install.sh",
    ".github/workflows/ci.yml",
    "app.py",
    "tox.ini",
    "environment.yml",
  ];
  expect(yes.filter(isSettingsFile)).toEqual(yes);
  expect(no.filter(isSettingsFile)).toEqual([]);
});

test("files that are broken or huge say nothing", async () => {
  expect(await lines({ Procfile: 'web: gunicorn -w "4 shop:app', Dockerfile: 'CMD ["gunicorn", ' })).toEqual([]);
  expect(await lines({ "run.sh": `# ${"x".repeat(300_000)}\ngunicorn -w 4 shop:app\n` })).toEqual([]);
  expect(await lines({ "compose.yml": "\t- : ][\n  command: [\n" })).toEqual([]);
});
