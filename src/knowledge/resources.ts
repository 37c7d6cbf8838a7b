import { expandAll, uniqueMap } from "./names.ts";
import { CLIENTS } from "./resources/clients.ts";
import { DATABASES } from "./resources/databases.ts";
import type { Resource } from "./resources/row.ts";
import { WORKERS } from "./resources/workers.ts";

export type { Resource, ResourceKind } from "./resources/row.ts";

/** What must be closed, or is dear to make, by the canonical name of the call that opens it. */
export const RESOURCES: ReadonlyMap<string, Resource> = uniqueMap([...CLIENTS, ...DATABASES, ...WORKERS]);

/** Calls that close their first argument at the end of a block. */
export const CLOSING: ReadonlySet<string> = new Set([
  "contextlib.closing",
  "contextlib.aclosing",
  "async_generator.aclosing",
]);

/** Methods of exit stacks that take a context manager. */
export const ENTERING: ReadonlySet<string> = new Set(
  expandAll(
    "contextlib.{ExitStack,AsyncExitStack}.{enter_context,push} contextlib.AsyncExitStack.{enter_async_context,push_async_exit}",
  ),
);

/** Calls that give back, now or when awaited, what their first argument stands for. */
export const PASSING: ReadonlySet<string> = new Set(
  expandAll(
    "asyncio.{wait_for,shield,run,create_task,ensure_future} asyncio.AbstractEventLoop.{run_until_complete,create_task} asyncio.Runner.run anyio.run typing.cast typing_extensions.cast contextlib.nullcontext asgiref.sync.async_to_sync weakref.proxy weakref.ref copy.copy",
  ),
);

/** Calls that use what they are given and do not keep it. */
export const USING: ReadonlySet<string> = new Set(
  expandAll(
    `print len isinstance issubclass type id repr str bool hasattr callable iter next list tuple sorted any all min max sum vars dir
getattr setattr hash format range zip enumerate map filter logging.{debug,info,warning,error,exception,critical,log} logging.Logger.{debug,info,warning,error,exception,critical,log}
asyncio.AbstractEventLoop.run_in_executor asyncio.wrap_future tornado.ioloop.IOLoop.run_in_executor asyncio.iscoroutinefunction inspect.{iscoroutinefunction,isawaitable}
pandas.{read_sql,read_sql_query,read_sql_table} pandas.DataFrame.to_sql pandas.io.sql.{read_sql,read_sql_query} polars.read_database
psycopg2.extras.{register_uuid,register_json,register_hstore,register_composite,execute_values,execute_batch} psycopg2.extensions.register_type
sqlalchemy.{inspect,text} unittest.mock.patch.object numpy.{ndarray,frombuffer}
sys.getrefcount gc.get_referrers warnings.warn pprint.pprint json.dumps pickle.dumps`,
  ),
);

/** Library calls after which a program only serves until it is stopped. */
export const SERVING: ReadonlySet<string> = new Set(
  expandAll(
    `asyncio.AbstractEventLoop.run_forever aiohttp.web.run_app uvicorn.{run,Server.run,Server.serve} hypercorn.asyncio.serve flask.Flask.run
discord.{Client,ext.commands.Bot}.{run,start} telegram.ext.Application.{run_polling,run_webhook} aiogram.Dispatcher.start_polling pyrogram.{idle,Client.run}
socketserver.BaseServer.serve_forever http.server.HTTPServer.serve_forever signal.{pause,sigwait} asyncio.Server.serve_forever asyncio.Server.wait_closed grpc.Server.wait_for_termination
grpc.aio.Server.wait_for_termination tornado.ioloop.IOLoop.start pika.adapters.blocking_connection.BlockingChannel.start_consuming twisted.internet.reactor.run sanic.Sanic.run
celery.Celery.{worker_main,start} gradio.Blocks.launch`,
  ),
);

/** Calls that end the process. */
export const ENDING: ReadonlySet<string> = new Set([
  "sys.exit",
  "os._exit",
  "os.abort",
  "exit",
  "quit",
  "os.execv",
  "os.execvp",
]);

/** Contexts in which a construction is meant to fail. */
export const FAILING: ReadonlySet<string> = new Set(["pytest.raises", "pytest.warns"]);
