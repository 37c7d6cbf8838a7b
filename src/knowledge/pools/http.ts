import { DISCARDS, pools, queues, waits } from "./row.ts";
import { ofProcessors } from "./size.ts";

const VERBS = "{get,post,put,patch,delete,head,options,request,send}";
const ASYNC_VERBS = "{get,post,put,patch,delete,head,options,request,stream,send}";
const SIZES = { fiveCpus: ofProcessors("processors × 5", { factor: 5 }) };

/** Connections that HTTP clients keep open. */
export const HTTP_POOLS = [
  ...pools(
    "http-pool",
    "requests 2.34 adapters.py:79-82,203, urllib3 2.7 connectionpool.py:303",
    { held: "call", full: DISCARDS },
    [
      [
        "requests.Session requests.session",
        "=10",
        {
          type: "requests.Session",
          acquire: `requests.Session.${VERBS}`,
          release: "requests.Session.close",
          sizedBy: ["requests.Session.mount adapter@1"],
          note: "for each host; a mounted HTTPAdapter brings its own size",
        },
      ],
      [
        "requests.adapters.HTTPAdapter",
        "pool_maxsize@1=10",
        {
          acquire: `requests.Session.${VERBS}`,
          gives: ["requests.Session.mount adapter@1 receiver"],
          variant: ["pool_block@3", "True", waits(null)],
          note: "for each host; pool_connections is the number of hosts",
        },
      ],
    ],
  ),
  ...pools("http-pool", "urllib3 2.7 poolmanager.py:203, connectionpool.py:180,303", { held: "call", full: DISCARDS }, [
    [
      "urllib3.PoolManager",
      "maxsize=1",
      {
        acquire: "urllib3.PoolManager.{request,urlopen,request_encode_url,request_encode_body}",
        variant: ["block", "True", waits(null)],
        note: "for each host; num_pools is the number of hosts",
      },
    ],
    [
      "urllib3.ProxyManager",
      "maxsize=1",
      {
        acquire: "urllib3.ProxyManager.{request,urlopen,request_encode_url,request_encode_body}",
        variant: ["block", "True", waits(null)],
      },
    ],
    [
      "urllib3.{HTTPConnectionPool,HTTPSConnectionPool}",
      "maxsize@3=1",
      {
        acquire: "urllib3.{HTTPConnectionPool,HTTPSConnectionPool}.{request,urlopen}",
        variant: ["block@4", "True", waits(null)],
      },
    ],
  ]),
  ...pools("http-pool", "httpx 0.28 _config.py:176,246; httpx2 keeps the interface", { held: "call" }, [
    [
      "httpx.Client",
      "max_connections=100 in limits:httpx.Limits",
      {
        acquire: `httpx.Client.${ASYNC_VERBS}`,
        release: "httpx.Client.close",
        full: waits(5, "httpx.PoolTimeout", "timeout"),
      },
    ],
    [
      "httpx.AsyncClient",
      "max_connections=100 in limits:httpx.Limits",
      {
        acquire: `httpx.AsyncClient.${ASYNC_VERBS}`,
        release: "httpx.AsyncClient.aclose",
        full: waits(5, "httpx.PoolTimeout", "timeout"),
        async: true,
      },
    ],
    [
      "httpx2.Client",
      "max_connections=100 in limits:httpx2.Limits",
      {
        acquire: `httpx2.Client.${ASYNC_VERBS}`,
        release: "httpx2.Client.close",
        full: waits(5, "httpx2.PoolTimeout", "timeout"),
      },
    ],
    [
      "httpx2.AsyncClient",
      "max_connections=100 in limits:httpx2.Limits",
      {
        acquire: `httpx2.AsyncClient.${ASYNC_VERBS}`,
        release: "httpx2.AsyncClient.aclose",
        full: waits(5, "httpx2.PoolTimeout", "timeout"),
        async: true,
      },
    ],
    [
      "httpx.Limits",
      "max_connections=unlimited?",
      {
        full: waits(5, "httpx.PoolTimeout"),
        gives: ["httpx.{Client,AsyncClient,HTTPTransport,AsyncHTTPTransport} limits"],
      },
    ],
    [
      "httpx2.Limits",
      "max_connections=unlimited?",
      { full: waits(5, "httpx2.PoolTimeout"), gives: ["httpx2.{Client,AsyncClient} limits"] },
    ],
  ]),
  ...pools("http-pool", "aiohttp 3.14 connector.py:282,969, client.py:274", { held: "call", async: true }, [
    [
      "aiohttp.ClientSession",
      "limit=100<1 in connector:aiohttp.TCPConnector",
      {
        acquire: "aiohttp.ClientSession.{get,post,put,patch,delete,head,options,request,ws_connect}",
        release: "aiohttp.ClientSession.close",
        full: waits(300, "TimeoutError", "timeout"),
        note: "the wait counts towards the total time of the request",
      },
    ],
    [
      "aiohttp.TCPConnector",
      "limit=100<1",
      {
        acquire: "aiohttp.ClientSession.{get,post,put,patch,delete,head,options,request,ws_connect}",
        full: waits(300, "TimeoutError"),
        gives: ["aiohttp.ClientSession connector"],
        note: "limit_per_host has none by default",
      },
    ],
    [
      "aiohttp.UnixConnector",
      "limit@3=100<1",
      { full: waits(300, "TimeoutError"), gives: ["aiohttp.ClientSession connector"] },
    ],
  ]),
  ...pools(
    "http-pool",
    "botocore 1.43 httpsession.py:83, config.py, boto3 1.26 s3/transfer.py:260",
    { held: "call", full: DISCARDS },
    [
      [
        "boto3.client boto3.Session.client botocore.session.Session.create_client",
        "max_pool_connections=10 in config:botocore.config.Config",
        {
          type: "botocore.client.BaseClient",
          acquire: "botocore.client.BaseClient.*",
          note: "a client may be shared between threads; transfers of S3 have ten threads of their own",
        },
      ],
      [
        "boto3.resource boto3.Session.resource",
        "max_pool_connections=10 in config:botocore.config.Config",
        {
          type: "boto3.resources.base.ServiceResource",
          acquire: "boto3.resources.base.ServiceResource.*",
          note: "a resource must not be shared between threads",
        },
      ],
      [
        "botocore.config.Config",
        "max_pool_connections=10",
        {
          gives: [
            "boto3.{client,resource} config",
            "boto3.Session.{client,resource} config",
            "botocore.session.Session.create_client config",
          ],
        },
      ],
    ],
  ),
  ...pools("http-pool", "openai-python, anthropic-sdk-python _constants.py", { held: "call" }, [
    [
      "openai.{OpenAI,AzureOpenAI} anthropic.Anthropic",
      "=1000",
      { full: waits(600, "APITimeoutError", "timeout"), sizedBy: [] },
    ],
    [
      "openai.{AsyncOpenAI,AsyncAzureOpenAI} anthropic.AsyncAnthropic",
      "=1000",
      { full: waits(600, "APITimeoutError", "timeout"), async: true },
    ],
  ]),
  ...pools(
    "http-pool",
    "elastic-transport 9.4 _models.py:238; elasticsearch 7.17 connection/http_urllib3.py:118",
    { held: "call" },
    [
      [
        "elasticsearch.Elasticsearch",
        "connections_per_node=10",
        { acquire: "elasticsearch.Elasticsearch.*", full: DISCARDS },
      ],
      [
        "elasticsearch.AsyncElasticsearch",
        "connections_per_node=10",
        { acquire: "elasticsearch.AsyncElasticsearch.*", full: waits(null), async: true },
      ],
    ],
  ),
  ...pools(
    "http-pool",
    "docker 7.1 constants.py:7,33,40; kubernetes 22.6 client/configuration.py:148",
    { held: "call", full: DISCARDS },
    [
      ["docker.{DockerClient,APIClient,from_env}", "max_pool_size=10"],
      [
        "kubernetes.client.Configuration",
        "=fiveCpus",
        { sizedBy: ["kubernetes.client.Configuration.connection_pool_maxsize ="] },
      ],
    ],
    SIZES,
  ),
  ...pools("http-pool", "tornado 6.2 simple_httpclient.py:120", { held: "call", async: true }, [
    [
      "tornado.httpclient.AsyncHTTPClient",
      "max_clients=10",
      {
        acquire: "tornado.httpclient.AsyncHTTPClient.fetch",
        sizedBy: ["tornado.httpclient.AsyncHTTPClient.configure max_clients"],
        full: queues("wait in a queue, 20 s at most"),
      },
    ],
  ]),
];
