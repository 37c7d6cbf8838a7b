/**
 * Coroutine functions by their look that give a future instead: the library has started the work when the call returns.
 * Motor 3.7 core.py, pyzmq 27 zmq/_future.py, Tornado 6.5 gen.py and httpclient.py.
 */
export const EAGER = /^(?:motor\.|zmq\.|tornado\.)/;

/**
 * Decorators that leave a coroutine function a function whose calls must be awaited: they return it as it is, or wrap it in another one.
 * CPython 3.13 functools, abc, contextlib, unittest.mock; FastAPI 0.116, Starlette 0.47, aiohttp 3.12, Quart 0.20, Sanic 25, Litestar 2.15,
 * tenacity 9, backoff 2.2, async-lru 2, aiocache 0.12, cashews 7, discord.py 2.5, aiogram 3, Pyrogram 2, Telethon 1.40, slack-bolt 1.22,
 * pytest 8, pytest-asyncio 1, Hypothesis 6, Temporal 1.10, LangSmith 0.4, OpenTelemetry 1.30, Sentry 2, slowapi 0.1, Strawberry 0.27.
 */
export const KEEPS_COROUTINES =
  /^(?:staticmethod|classmethod|functools\.(?:wraps|lru_cache|cache|update_wrapper)|abc\.abstractmethod|typing(?:_extensions)?\.|contextlib\.(?:ContextDecorator|AsyncContextDecorator)|types\.coroutine|asyncio\.coroutine|unittest\.mock\.patch|unittest\.(?:skip|expectedFailure)|(?:fastapi|starlette|aiohttp|quart|sanic|litestar|robyn|blacksheep|falcon|tenacity|backoff|stamina|async_lru|aiocache|cashews|aiogram|pyrogram|telethon|hydrogram|slack_bolt|pytest|pytest_asyncio|anyio|hypothesis|temporalio|langsmith|opentelemetry|sentry_sdk|slowapi|fastapi_cache|fastapi_utils|strawberry|socketio|nonebot|hikari|chainlit|mcp|fastmcp|deprecated|typeguard|beartype|wrapt\.decorator|async_timeout|timeout_decorator|freezegun|respx|vcr|django\.(?:views|utils\.decorators|contrib\.auth\.decorators)|rest_framework|homeassistant\.(?:core\.callback|util\.Throttle|helpers))\b|(?:discord|nextcord|disnake)\.(?:Client|ext\.commands\.(?:Bot|AutoShardedBot|Cog))\.(?:event|listen|listener))/;

/**
 * Decorators and calls that run a coroutine to its end in plain code. CPython 3.13 asyncio; asgiref 3.9, asyncer 0.0.8, anyio 4.10, trio 0.30,
 * uvloop 0.21, asyncclick 8.1, tornado 6.5, twisted 25.
 */
export const RUNS_COROUTINES =
  /^(?:asyncio\.(?:run|run_coroutine_threadsafe|Runner\.run|AbstractEventLoop\.run_until_complete|create_task|ensure_future|AbstractEventLoop\.create_task|AbstractEventLoop\.call_soon_threadsafe)|asgiref\.sync\.async_to_sync|asyncer\.(?:syncify|runnify)|anyio\.(?:run|from_thread\.run)|anyio\.from_thread\.BlockingPortal\.\w+|trio\.(?:run|from_thread\.run)|uvloop\.run|asyncclick\.(?:command|group)|tornado\.ioloop\.IOLoop\.\w+|twisted\.internet\.defer\.ensureDeferred|nest_asyncio\.\w+)$/;
