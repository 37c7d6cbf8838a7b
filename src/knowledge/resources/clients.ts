import type { Resource, ResourceRow } from "./row.ts";
import { resources } from "./row.ts";

const SHARED: Partial<Resource> = { shared: true };
const ASYNC: Partial<Resource> = { shared: true, awaited: true };
/** Worth making once, but closed well enough by the interpreter. */
const DEAR: Partial<Resource> = { shared: true, mustClose: false };

/**
 * HTTP, RPC and cloud clients. aiohttp 3.14 client.py: `ClientSession.__del__` warns and calls the loop's exception handler; closing its
 * connector closes it. httpx 0.28 _client.py: clients are context managers, a `transport=` of the caller opens no pool. requests 2.34:
 * sockets go with the object. grpcio 1.74: a channel keeps its connection and threads until `close()`. openai 1.x and anthropic: each
 * client owns an httpx client. boto3 1.40: a client loads its service model from disk.
 */
const HTTP: readonly ResourceRow[] = [
  [
    "aiohttp.ClientSession aiohttp_client_cache.CachedSession aiohttp_retry.RetryClient",
    "session",
    "close detach _close_connector",
    { ...ASYNC, inner: ["connector", "_connector"], borrows: ["connector_owner"] },
  ],
  ["{httpx,httpx2}.AsyncClient", "client", "aclose close", { ...ASYNC, borrows: ["transport"] }],
  ["{httpx,httpx2}.Client", "client", "close", { ...SHARED, borrows: ["transport"] }],
  ["curl_cffi.requests.AsyncSession", "session", "close", ASYNC],
  ["requests.Session requests.session", "session", "close", DEAR],
  ["urllib3.PoolManager", "connection pool", "clear", DEAR],
  [
    "grpc.{insecure_channel,secure_channel}",
    "channel",
    "close",
    { ...SHARED, derives: ["unary_unary", "unary_stream"] },
  ],
  [
    "grpc.aio.{insecure_channel,secure_channel}",
    "channel",
    "close",
    { ...ASYNC, derives: ["unary_unary", "unary_stream", "stream_unary", "stream_stream"] },
  ],
];

const APIS: readonly ResourceRow[] = [
  ["openai.{OpenAI,AzureOpenAI} anthropic.Anthropic groq.Groq mistralai.Mistral", "client", "close", DEAR],
  ["openai.{AsyncOpenAI,AsyncAzureOpenAI} anthropic.AsyncAnthropic groq.AsyncGroq", "client", "close", DEAR],
  ["boto3.{client,resource} boto3.Session.{client,resource}", "client", "close", DEAR],
  ["aiobotocore.session.AioSession.create_client aioboto3.Session.{client,resource}", "client", "close", DEAR],
  [
    "google.cloud.{storage,bigquery,firestore,datastore,secretmanager}.Client google.cloud.pubsub_v1.{PublisherClient,SubscriberClient}",
    "client",
    "close",
    DEAR,
  ],
  ["elasticsearch.Elasticsearch opensearchpy.OpenSearch", "client", "close", DEAR],
  ["{elasticsearch.AsyncElasticsearch,opensearchpy.AsyncOpenSearch}", "client", "close", ASYNC],
  [
    "azure.servicebus.ServiceBusClient azure.servicebus.ServiceBusClient.from_connection_string",
    "client",
    "close",
    SHARED,
  ],
  [
    "azure.servicebus.aio.ServiceBusClient azure.servicebus.aio.ServiceBusClient.from_connection_string azure.storage.blob.aio.BlobServiceClient azure.storage.blob.aio.BlobServiceClient.from_connection_string",
    "client",
    "close",
    { ...ASYNC, derives: ["get_blob_client", "get_container_client", "get_queue_sender", "get_queue_receiver"] },
  ],
];

/**
 * Remote shells, mail and web sockets. paramiko 4 client.py: the transport's thread lives until `close()`. CPython 3.13 smtplib, ftplib,
 * imaplib and poplib: context managers that say goodbye; a host in the constructor connects. asyncssh 2.21; websockets 16.
 */
const LINES: readonly ResourceRow[] = [
  [
    "paramiko.SSHClient",
    "SSH connection",
    "close",
    { starts: ["connect"], derives: ["open_sftp", "get_transport", "invoke_shell", "exec_command"] },
  ],
  ["paramiko.Transport", "SSH connection", "close", { derives: ["open_session", "open_channel", "open_sftp_client"] }],
  [
    "asyncssh.connect",
    "SSH connection",
    "close abort disconnect",
    { derives: ["create_process", "start_sftp_client"] },
  ],
  ["netmiko.ConnectHandler", "SSH connection", "disconnect", {}],
  [
    "smtplib.{SMTP,SMTP_SSL,LMTP}",
    "mail connection",
    "quit close",
    { starts: ["connect"], startsBy: { keyword: "host", position: 0 } },
  ],
  ["aiosmtplib.SMTP", "mail connection", "quit close", { starts: ["connect"], awaited: true }],
  [
    "ftplib.{FTP,FTP_TLS}",
    "FTP connection",
    "quit close",
    { starts: ["connect"], startsBy: { keyword: "host", position: 0 } },
  ],
  ["imaplib.{IMAP4,IMAP4_SSL,IMAP4_stream}", "mail connection", "logout shutdown", {}],
  ["poplib.{POP3,POP3_SSL}", "mail connection", "quit close", { with: false }],
  ["telnetlib.Telnet", "connection", "close", { starts: ["open"], startsBy: { keyword: "host", position: 0 } }],
  ["websockets.connect", "WebSocket", "close", { awaited: true }],
  ["websocket.create_connection", "WebSocket", "close", { with: false }],
];

/** Clients and connections to other machines, by the canonical name of what opens them. */
export const CLIENTS: readonly (readonly [string, Resource])[] = [
  ...resources("client", [...HTTP, ...APIS]),
  ...resources("connection", LINES),
];
