import { expandAll, uniqueMap } from "./names.ts";

/** What keeps many such calls from running at once: nothing, the connection limit of the client, or a pool that is small by design. */
export type AsyncLimit = "none" | "client" | "pool";

/** A call of an async library that waits for a server, another process or the network. */
export interface AsyncIoFact {
  name: string;
  /** Asks and changes nothing, so that the order of several calls does not matter. */
  reads: boolean;
  limit: AsyncLimit;
  /** The class of the client that has the limit, and the arguments that set it. */
  client: string | null;
  /** What happens beyond the limit, where that is worth saying. */
  note: string | null;
}

type Row = readonly [names: string, reads: boolean, limit: AsyncLimit, client?: string | null, note?: string];

const HTTPX = "httpx allows 100 connections and gives up after waiting 5 s for one";
const AIOHTTP = "aiohttp allows 100 connections, and waiting for one counts towards its limit of 5 min";

// httpx 0.28 _config.py; aiohttp 3.14 connector.py, client.py; tornado 6.5 simple_httpclient.py; botocore 1.43; asyncpg 0.31; curl_cffi 0.13; openai 1.x
const ROWS: readonly Row[] = [
  ["httpx.AsyncClient.{get,head,options}", true, "client", "httpx.AsyncClient", HTTPX],
  ["httpx.AsyncClient.{post,put,patch,delete,request,send,stream}", false, "client", "httpx.AsyncClient", HTTPX],
  ["httpx2.AsyncClient.{get,head,options}", true, "client", "httpx2.AsyncClient", HTTPX],
  ["httpx2.AsyncClient.{post,put,patch,delete,request,send,stream}", false, "client", "httpx2.AsyncClient", HTTPX],
  ["aiohttp.ClientSession.{get,head,options}", true, "client", "aiohttp.ClientSession", AIOHTTP],
  [
    "aiohttp.ClientSession.{post,put,patch,delete,request,ws_connect}",
    false,
    "client",
    "aiohttp.ClientSession",
    AIOHTTP,
  ],
  ["aiohttp.request", false, "none"],
  ["niquests.{get,head,options}", true, "none"],
  ["niquests.AsyncSession.{get,head,options}", true, "pool"],
  ["niquests.AsyncSession.{post,put,patch,delete,request}", false, "pool"],
  ["curl_cffi.requests.AsyncSession.{get,head,options}", true, "pool"],
  ["curl_cffi.requests.AsyncSession.{post,put,patch,delete,request}", false, "pool"],
  ["tornado.httpclient.AsyncHTTPClient.fetch", true, "pool"],
  ["asyncio.{open_connection,open_unix_connection}", true, "none"],
  ["asyncio.AbstractEventLoop.{create_connection,create_unix_connection,sock_connect}", true, "none"],
  ["asyncio.{create_subprocess_exec,create_subprocess_shell}", false, "none"],
  ["anyio.{connect_tcp,connect_unix} trio.open_tcp_stream", true, "none"],
  ["anyio.{run_process,open_process} trio.run_process", false, "none"],
  ["websockets.connect websockets.asyncio.client.connect", true, "none"],
  ["asyncssh.connect", true, "none"],
  ["aiosmtplib.send aiosmtplib.SMTP.connect", false, "none"],
  ["dns.asyncresolver.{resolve,resolve_address} dns.asyncresolver.Resolver.{resolve,resolve_address}", true, "none"],
  ["asyncpg.connect aiomysql.connect psycopg.AsyncConnection.connect", true, "none"],
  ["asyncpg.Pool.{fetch,fetchrow,fetchval}", true, "pool"],
  ["asyncpg.Pool.{execute,executemany}", false, "pool"],
  ["motor.motor_asyncio.AsyncIOMotorCollection.{find_one,count_documents,distinct}", true, "pool"],
  ["pymongo.asynchronous.collection.AsyncCollection.{find_one,count_documents,distinct}", true, "pool"],
  ["elasticsearch.AsyncElasticsearch.{search,get,count,exists}", true, "pool"],
  ["aiobotocore.client.AioBaseClient.{get_object,head_object,get_item,query}", true, "pool"],
  ["aiobotocore.client.AioBaseClient.{put_object,delete_object,put_item,send_message,invoke,publish}", false, "pool"],
  [
    "openai.resources.chat.completions.AsyncCompletions.{create,parse} openai.resources.responses.AsyncResponses.{create,parse} openai.resources.embeddings.AsyncEmbeddings.create openai.resources.images.AsyncImages.generate",
    true,
    "client",
    "openai.AsyncOpenAI",
    "the API answers too many requests with errors",
  ],
  [
    "anthropic.resources.messages.AsyncMessages.create",
    true,
    "client",
    "anthropic.AsyncAnthropic",
    "the API answers too many requests with errors",
  ],
  ["litellm.{acompletion,aembedding}", true, "none", null, "the API answers too many requests with errors"],
];

/** Async calls that wait for the network or another process, by canonical name. */
export const ASYNC_IO: ReadonlyMap<string, AsyncIoFact> = uniqueMap(
  ROWS.flatMap(([names, reads, limit, client, note]) =>
    expandAll(names).map((name) => [name, { name, reads, limit, client: client ?? null, note: note ?? null }] as const),
  ),
);

/** Arguments of a client's constructor that set its limit of connections. */
export const CLIENT_LIMITS: ReadonlyMap<string, readonly string[]> = new Map([
  ["httpx.AsyncClient", ["limits", "transport"]],
  ["httpx2.AsyncClient", ["limits", "transport"]],
  ["aiohttp.ClientSession", ["connector"]],
  ["openai.AsyncOpenAI", ["http_client"]],
  ["anthropic.AsyncAnthropic", ["http_client"]],
]);
