import { expandAll } from "./names.ts";

/** Where a framework runs a plain function that it is given; coroutine functions always run on the loop. */
export interface Place {
  kind: "loop" | "thread" | "process" | "main";
  /** The pool of threads or processes; `null` on the loop and in the main program. */
  pool: string | null;
}

export interface FrameworkFact {
  /** In the framework's words: `FastAPI route`. */
  label: string;
  /** Where plain functions run; `null` if the framework takes only coroutine functions. */
  plain: Place | null;
  /** Whether it answers requests or messages, so that many run at once and somebody waits for each. */
  serves: boolean;
  /** 1 where it depends on a version or an option. */
  doubt: number;
}

/** A call that registers a function: where it stands among the arguments. */
export interface Registration extends FrameworkFact {
  position: number;
  keyword: string | null;
}

/** Methods of subclasses of a library class that the library calls. */
export interface Hooks extends FrameworkFact {
  methods: RegExp;
}

const LOOP: Place = { kind: "loop", pool: null };
const MAIN: Place = { kind: "main", pool: null };
const ANYIO: Place = { kind: "thread", pool: "anyio-threads" };
const DEFAULT_EXECUTOR: Place = { kind: "thread", pool: "default-executor" };
const SERVER: Place = { kind: "thread", pool: "server-threads" };
const CELERY: Place = { kind: "process", pool: "celery" };
const OWN_THREAD: Place = { kind: "thread", pool: "own" };
const OWN_PROCESS: Place = { kind: "process", pool: "own" };

type Row = readonly [names: string, label: string, plain: Place | null, serves?: boolean, doubt?: number];

const VERBS = "{get,post,put,patch,delete,head,options,trace,route,api_route,websocket,websocket_route}";

// FastAPI 0.116, Starlette 0.47, Flask 3.1, Quart 0.20, Sanic 25.3, Litestar 2.16, aiohttp 3.14, Django 5.2, Celery 5.5, discord.py 2.5, APScheduler 3.11
const DECORATORS: readonly Row[] = [
  [`fastapi.{FastAPI,APIRouter}.${VERBS}`, "FastAPI route", ANYIO],
  ["fastapi.{FastAPI,APIRouter}.exception_handler", "FastAPI exception handler", ANYIO],
  ["fastapi.{FastAPI,APIRouter}.middleware", "FastAPI middleware", null],
  ["fastapi.{FastAPI,APIRouter}.on_event", "start-up handler", LOOP, false],
  [`starlette.applications.Starlette.${VERBS} starlette.routing.Router.${VERBS}`, "Starlette route", ANYIO],
  ["flask.{Flask,Blueprint}.{route,get,post,put,patch,delete,endpoint}", "Flask view", SERVER],
  [
    "flask.{Flask,Blueprint}.{before_request,after_request,teardown_request,errorhandler,before_app_request,after_app_request,context_processor,app_errorhandler}",
    "Flask request hook",
    SERVER,
  ],
  [
    "quart.{Quart,Blueprint}.{route,get,post,put,patch,delete,websocket,before_request,after_request,errorhandler}",
    "Quart view",
    DEFAULT_EXECUTOR,
  ],
  [
    "sanic.{Sanic,Blueprint}.{route,get,post,put,patch,delete,head,options,websocket,middleware,on_request,on_response,exception,signal}",
    "Sanic handler",
    LOOP,
  ],
  [
    "sanic.{Sanic,Blueprint}.{listener,before_server_start,after_server_start,before_server_stop,after_server_stop,main_process_start}",
    "start-up handler",
    LOOP,
    false,
  ],
  [
    "litestar.{get,post,put,patch,delete,head,route,websocket,asgi} litestar.handlers.{get,post,put,patch,delete,head,route,websocket}",
    "Litestar handler",
    LOOP,
  ],
  [
    "aiohttp.web.RouteTableDef.{get,post,put,patch,delete,head,options,view,route} aiohttp.web.middleware",
    "aiohttp handler",
    null,
  ],
  ["rest_framework.decorators.{api_view,action}", "Django view", SERVER],
  [
    "django.views.decorators.http.{require_http_methods,require_GET,require_POST,require_safe} django.views.decorators.csrf.csrf_exempt django.contrib.auth.decorators.login_required",
    "Django view",
    SERVER,
  ],
  ["celery.Celery.task celery.shared_task", "Celery task", CELERY],
  ["dramatiq.actor", "Dramatiq actor", { kind: "thread", pool: "dramatiq" }],
  ["rq.decorators.job", "RQ job", { kind: "process", pool: "rq" }],
  ["huey.{Huey,RedisHuey,SqliteHuey}.{task,periodic_task}", "Huey task", { kind: "thread", pool: "huey" }],
  [
    "apscheduler.schedulers.background.BackgroundScheduler.scheduled_job",
    "scheduled job",
    { kind: "thread", pool: "apscheduler" },
    false,
  ],
  ["apscheduler.schedulers.asyncio.AsyncIOScheduler.scheduled_job", "scheduled job", DEFAULT_EXECUTOR, false],
  [
    "discord.ext.commands.{Bot,Cog,Group}.{command,group,event,listen,listener,check,before_invoke,after_invoke} discord.ext.commands.{command,group}",
    "Discord command",
    null,
  ],
  [
    "discord.Client.event discord.app_commands.{command,CommandTree.command,Group.command} discord.ui.{button,select}",
    "Discord handler",
    null,
  ],
  [
    "aiogram.{Dispatcher,Router}.{message,callback_query,edited_message,inline_query,errors} aiogram.dispatcher.router.Router.{message,callback_query}",
    "aiogram handler",
    null,
  ],
  [
    "telethon.TelegramClient.on pyrogram.Client.{on_message,on_callback_query,on_inline_query,on_raw_update}",
    "Telegram handler",
    null,
  ],
  [
    "slack_bolt.App.{event,command,action,message,shortcut,view,middleware}",
    "Slack handler",
    { kind: "thread", pool: "slack-bolt" },
  ],
  ["slack_bolt.async_app.AsyncApp.{event,command,action,message,shortcut,view,middleware}", "Slack handler", null],
  ["socketio.{AsyncServer,AsyncClient,AsyncNamespace}.{on,event}", "Socket.IO handler", LOOP],
  ["faust.App.{agent,timer,page,command}", "Faust agent", null],
  ["mcp.server.fastmcp.FastMCP.{tool,resource,prompt}", "MCP tool", LOOP, true, 1],
  ["strawberry.{field,mutation}", "Strawberry resolver", null],
  ["pytest.fixture pytest_asyncio.fixture", "test fixture", MAIN, false],
];

type RegistrationRow = readonly [
  names: string,
  position: number,
  keyword: string | null,
  label: string,
  plain: Place | null,
  serves?: boolean,
];

const REGISTRATIONS: readonly RegistrationRow[] = [
  ["fastapi.{Depends,Security}", 0, "dependency", "FastAPI dependency", ANYIO],
  ["fastapi.{FastAPI,APIRouter}.{add_api_route,add_route}", 1, "endpoint", "FastAPI route", ANYIO],
  ["starlette.routing.Route", 1, "endpoint", "Starlette route", ANYIO],
  ["starlette.routing.WebSocketRoute", 1, "endpoint", "Starlette route", null],
  ["starlette.applications.Starlette.add_route", 1, "route", "Starlette route", ANYIO],
  ["flask.{Flask,Blueprint}.add_url_rule", 2, "view_func", "Flask view", SERVER],
  ["quart.{Quart,Blueprint}.add_url_rule", 2, "view_func", "Quart view", DEFAULT_EXECUTOR],
  ["sanic.{Sanic,Blueprint}.add_route", 0, "handler", "Sanic handler", LOOP],
  ["aiohttp.web.{get,post,put,patch,delete,head,options,view}", 1, "handler", "aiohttp handler", null],
  ["aiohttp.web.route", 2, "handler", "aiohttp handler", null],
  [
    "aiohttp.web.UrlDispatcher.{add_get,add_post,add_put,add_patch,add_delete,add_head,add_options,add_view}",
    1,
    "handler",
    "aiohttp handler",
    null,
  ],
  ["aiohttp.web.UrlDispatcher.add_route", 2, "handler", "aiohttp handler", null],
  ["django.urls.{path,re_path} django.conf.urls.url", 1, "view", "Django view", SERVER],
  [
    "apscheduler.schedulers.background.BackgroundScheduler.add_job",
    0,
    "func",
    "scheduled job",
    { kind: "thread", pool: "apscheduler" },
    false,
  ],
  ["apscheduler.schedulers.asyncio.AsyncIOScheduler.add_job", 0, "func", "scheduled job", DEFAULT_EXECUTOR, false],
  [
    "telegram.ext.{CommandHandler,MessageHandler,CallbackQueryHandler,InlineQueryHandler,TypeHandler,ConversationHandler}",
    1,
    "callback",
    "Telegram handler",
    null,
  ],
  ["websockets.serve websockets.asyncio.server.serve", 0, "handler", "WebSocket handler", null],
  ["multiprocessing.managers.BaseManager.register", 1, "callable", "manager object", OWN_PROCESS, false],
];

const HTTP_METHODS = /^(?:get|post|put|patch|delete|head|options|trace|dispatch)$/;

type HookRow = readonly [
  classes: string,
  methods: RegExp,
  label: string,
  plain: Place | null,
  serves?: boolean,
  doubt?: number,
];

const HOOKS: readonly HookRow[] = [
  [
    "asyncio.BaseProtocol",
    /^(?:connection_made|connection_lost|data_received|eof_received|buffer_updated|get_buffer|datagram_received|error_received|pause_writing|resume_writing|pipe_data_received|pipe_connection_lost|process_exited)$/,
    "protocol callback",
    LOOP,
  ],
  ["threading.Thread", /^run$/, "thread", OWN_THREAD, false],
  ["multiprocessing.Process", /^run$/, "process", OWN_PROCESS, false],
  [
    "PyQt5.QtCore.{QThread,QRunnable} PyQt6.QtCore.{QThread,QRunnable} PySide2.QtCore.{QThread,QRunnable} PySide6.QtCore.{QThread,QRunnable}",
    /^run$/,
    "Qt thread",
    OWN_THREAD,
    false,
  ],
  [
    "tornado.web.RequestHandler",
    /^(?:get|post|put|patch|delete|head|options|prepare|initialize|on_finish|data_received)$/,
    "Tornado handler",
    LOOP,
  ],
  [
    "tornado.websocket.WebSocketHandler",
    /^(?:open|on_message|on_close|on_pong|check_origin)$/,
    "Tornado handler",
    LOOP,
  ],
  ["starlette.endpoints.HTTPEndpoint", HTTP_METHODS, "Starlette endpoint", ANYIO],
  ["aiohttp.web.View", HTTP_METHODS, "aiohttp handler", null],
  ["django.views.View", HTTP_METHODS, "Django view", SERVER],
  [
    "rest_framework.views.APIView",
    /^(?:list|create|retrieve|update|partial_update|destroy|get_queryset|perform_create|perform_update|perform_destroy)$/,
    "Django view",
    SERVER,
  ],
  [
    "flask.views.{MethodView,View} flask_restful.Resource flask_restx.Resource",
    /^(?:get|post|put|patch|delete|head|options|dispatch_request)$/,
    "Flask view",
    SERVER,
  ],
  [
    "channels.consumer.SyncConsumer",
    /^(?:connect|disconnect|receive|receive_json|websocket_\w+)$/,
    "Channels consumer",
    { kind: "thread", pool: "asgiref" },
  ],
  ["celery.app.task.Task", /^run$/, "Celery task", CELERY],
  ["discord.Client discord.ext.commands.Cog", /^(?:on_\w+|setup_hook|cog_load)$/, "Discord handler", null],
  [
    "textual.app.App textual.widget.Widget textual.screen.Screen",
    /^(?:on_\w+|action_\w+|compose|watch_\w+|validate_\w+|key_\w+)$/,
    "Textual handler",
    LOOP,
  ],
  ["socketserver.BaseRequestHandler", /^(?:handle|setup|finish|do_[A-Z]+)$/, "request handler", MAIN],
  ["django.core.management.base.BaseCommand", /^handle$/, "management command", MAIN, false],
];

function fact(label: string, plain: Place | null, serves = true, doubt = 0): FrameworkFact {
  return { label, plain, serves, doubt };
}

/** Decorators by canonical name. */
export const FRAMEWORK_DECORATORS: ReadonlyMap<string, FrameworkFact> = new Map(
  DECORATORS.flatMap(([names, label, plain, serves, doubt]) =>
    expandAll(names).map((name) => [name, fact(label, plain, serves, doubt)] as const),
  ),
);

/** Calls that register a function, by canonical name. */
export const FRAMEWORK_REGISTRATIONS: ReadonlyMap<string, Registration> = new Map(
  REGISTRATIONS.flatMap(([names, position, keyword, label, plain, serves]) =>
    expandAll(names).map((name) => [name, { ...fact(label, plain, serves), position, keyword }] as const),
  ),
);

/** Base classes by canonical name. */
export const FRAMEWORK_HOOKS: ReadonlyMap<string, Hooks> = new Map(
  HOOKS.flatMap(([names, methods, label, plain, serves, doubt]) =>
    expandAll(names).map((name) => [name, { ...fact(label, plain, serves, doubt), methods }] as const),
  ),
);

/** Annotations of a first parameter that make a function a view, where nothing else says so. */
export const REQUEST_TYPES: ReadonlyMap<string, FrameworkFact> = new Map([
  ["django.http.HttpRequest", fact("Django view", SERVER, true, 1)],
  ["rest_framework.request.Request", fact("Django view", SERVER, true, 1)],
  ["aiohttp.web.Request", fact("aiohttp handler", null)],
  ["telegram.Update", fact("Telegram handler", null)],
  ["discord.Interaction", fact("Discord handler", null)],
  ["discord.ext.commands.Context", fact("Discord command", null)],
  ["sanic.Request", fact("Sanic handler", null)],
]);
