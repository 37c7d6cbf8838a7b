import { timeouts } from "./row.ts";

const VERBS = "{get,post,put,patch,delete,head,options,request}";
const SOCKET = "socket.setdefaulttimeout";

/** HTTP, mail, file transfer, remote shells and calls: something on the other side has to answer. */
const PROTOCOLS = [
  ...timeouts(
    "request",
    "answer",
    "requests 2.34 api.py:14-59, sessions.py:557,752, adapters.py:613",
    {
      pair: true,
      zero: "error",
      negative: "error",
      fix: "timeout=10",
      note: "the read limit counts the silence between two packets, not the whole answer; the default of sockets does not apply",
    },
    [
      [`requests.${VERBS}`, "timeout", "forever"],
      [
        "requests.Session.{get,post,put,patch,delete,head,options,send}",
        "timeout",
        "forever",
        { setBy: "requests.Session.{mount,request,send}" },
      ],
      ["requests.Session.request", "timeout@8", "forever", { setBy: "requests.Session.{mount,request,send}" }],
    ],
  ),
  ...timeouts(
    "request",
    "answer",
    "google-auth 2.40 google/auth/transport/requests.py",
    { pair: true, zero: "error" },
    [
      [
        "google.auth.transport.requests.AuthorizedSession.{get,post,put,patch,delete,head,options}",
        "timeout",
        "120 s for each answer",
      ],
      ["google.auth.transport.requests.AuthorizedSession.request", "timeout@5", "120 s for each answer"],
    ],
  ),
  ...timeouts(
    "request",
    "answer",
    "CPython 3.11 Lib/urllib/request.py:139,223,500, urllib/robotparser.py, socket.py:807",
    { global: SOCKET, zero: "error", negative: "error" },
    [
      ["urllib.request.urlopen urllib.request.OpenerDirector.open", "timeout@2", "forever", { fix: "timeout=10" }],
      [
        "urllib.request.urlretrieve",
        "",
        "forever",
        { note: "takes no timeout: only the default of sockets reaches it" },
      ],
      ["urllib.robotparser.RobotFileParser.read", "", "forever", { note: "takes no timeout" }],
    ],
  ),
  ...timeouts(
    "request",
    "answer",
    "urllib3 2.7 _request_methods.py:69, connectionpool.py:592, util/timeout.py:20, __init__.py:117",
    { global: SOCKET, zero: "error", negative: "error", fix: "timeout=10" },
    [
      [
        "urllib3.PoolManager.{request,urlopen,request_encode_url,request_encode_body}",
        "timeout",
        "forever",
        { on: "urllib3.PoolManager timeout" },
      ],
      [
        "urllib3.ProxyManager.{request,urlopen,request_encode_url,request_encode_body}",
        "timeout",
        "forever",
        { on: "urllib3.ProxyManager timeout" },
      ],
      [
        "urllib3.{HTTPConnectionPool,HTTPSConnectionPool}.request",
        "timeout",
        "forever",
        { on: "urllib3.HTTPConnectionPool timeout@2 | urllib3.HTTPSConnectionPool timeout@2" },
      ],
      [
        "urllib3.{HTTPConnectionPool,HTTPSConnectionPool}.urlopen",
        "timeout@7",
        "forever",
        { on: "urllib3.HTTPConnectionPool timeout@2 | urllib3.HTTPSConnectionPool timeout@2" },
      ],
      ["urllib3.request", "timeout", "3 s", { fix: null, note: "the module's function alone has a limit of its own" }],
    ],
  ),
  ...timeouts(
    "request",
    "answer",
    "CPython 3.11 Lib/http/client.py:845,1417, xmlrpc/client.py:1424; 3.12 removed key_file and cert_file",
    { global: SOCKET, zero: "error", negative: "error" },
    [
      [
        "http.client.HTTPConnection",
        "timeout@2",
        "forever",
        { fix: "timeout=10", waitsIn: "http.client.HTTPConnection.{connect,request,send,endheaders,getresponse}" },
      ],
      [
        "http.client.HTTPSConnection",
        "timeout@4<12",
        "forever",
        { fix: "timeout=10", waitsIn: "http.client.HTTPSConnection.{connect,request,send,endheaders,getresponse}" },
      ],
      [
        "xmlrpc.client.ServerProxy",
        "",
        "forever",
        { carriers: "transport@1", note: "takes no timeout: give it a transport whose connection has one" },
      ],
      ["logging.handlers.HTTPHandler", "", "forever", { note: "every record is a request without a limit" }],
    ],
  ),
  ...timeouts(
    "request",
    "answer",
    "CPython 3.11 Lib/smtplib.py:229,1030,1084, ftplib.py:109,139,718; 3.12 removed keyfile and certfile; 3.9 refuses 0",
    { global: SOCKET, zero: "error", negative: "error", fix: "timeout=30", needs: "host@0" },
    [
      ["smtplib.SMTP", "timeout@3", "forever"],
      ["smtplib.SMTP_SSL", "timeout@5<12", "forever"],
      ["smtplib.LMTP", "timeout@4", "forever"],
      [
        "smtplib.SMTP.connect",
        "",
        "forever",
        {
          fix: null,
          on: "smtplib.SMTP timeout@3 | smtplib.SMTP_SSL timeout@5<12 | smtplib.LMTP timeout@4",
          text: "keeps the limit of the object, which has none",
        },
      ],
      ["ftplib.FTP", "timeout@4", "forever"],
      ["ftplib.FTP_TLS", "timeout@7<12", "forever"],
      [
        "ftplib.FTP.connect",
        "timeout@2",
        "forever",
        {
          on: "ftplib.FTP timeout@4 | ftplib.FTP_TLS timeout@7<12",
          text: "keeps the limit of the object, which has none",
        },
      ],
    ],
  ),
  ...timeouts(
    "request",
    "answer",
    "CPython 3.11 Lib/imaplib.py:188,1305, poplib.py:98,434, telnetlib.py:199, nntplib.py:315, ssl.py:1547; telnetlib and nntplib left in 3.13",
    { global: SOCKET, zero: "error", negative: "error", fix: "timeout=30" },
    [
      ["imaplib.IMAP4", "timeout@2", "forever", { note: "the parameter is new in 3.9" }],
      ["imaplib.IMAP4_SSL", "timeout@5<12", "forever", { note: "the parameter is new in 3.9" }],
      ["poplib.POP3", "timeout@2", "forever"],
      ["poplib.POP3_SSL", "timeout@4<12", "forever"],
      ["telnetlib.Telnet", "timeout@2", "forever", { needs: "host@0" }],
      ["telnetlib.Telnet.open", "timeout@2", "forever"],
      ["nntplib.NNTP", "timeout@6", "forever"],
      ["nntplib.NNTP_SSL", "timeout@7", "forever"],
      ["ssl.get_server_certificate", "timeout@3", "forever", { note: "the parameter is new in 3.10" }],
    ],
  ),
  ...timeouts("request", "answer", "CPython 3.11 Lib/logging/handlers.py:567,1021", {}, [
    ["logging.handlers.SMTPHandler", "timeout@6", "5 s"],
    ["logging.handlers.SocketHandler", "", "1 s to connect"],
  ]),
  ...timeouts(
    "request",
    "answer",
    "httpx 0.28 _api.py:174, _client.py:639,1353, _config.py:246; httpx2 keeps the interface",
    { note: "no limit on the whole answer" },
    [
      [`{httpx,httpx2}.${VERBS} {httpx,httpx2}.stream`, "timeout", "5 s each to connect, to read and to write"],
      ["{httpx,httpx2}.Client", "timeout", "5 s each to connect, to read and to write"],
      [
        `httpx.Client.${VERBS} httpx.Client.stream`,
        "timeout",
        "the limit of the client, 5 s by default",
        { on: "httpx.Client timeout" },
      ],
      [
        `httpx2.Client.${VERBS} httpx2.Client.stream`,
        "timeout",
        "the limit of the client, 5 s by default",
        { on: "httpx2.Client timeout" },
      ],
      ["{httpx,httpx2}.AsyncClient", "timeout", "5 s each to connect, to read and to write"],
      [
        `httpx.AsyncClient.${VERBS} httpx.AsyncClient.stream`,
        "timeout",
        "the limit of the client, 5 s by default",
        { awaited: true, on: "httpx.AsyncClient timeout" },
      ],
      [
        `httpx2.AsyncClient.${VERBS} httpx2.AsyncClient.stream`,
        "timeout",
        "the limit of the client, 5 s by default",
        { awaited: true, on: "httpx2.AsyncClient timeout" },
      ],
    ],
  ),
  ...timeouts("request", "answer", "aiohttp 3.14 client.py:274,386,694, helpers.py; tags 3.8 to 3.14", {}, [
    [
      "aiohttp.ClientSession",
      "timeout",
      "300 s in total, 30 s of them to connect",
      {
        none: "default",
        before: [["aiohttp", "3.10", "300 s in total"]],
        note: "waiting for a connection of the pool counts; a number given here is the total",
      },
    ],
    [
      `aiohttp.ClientSession.${VERBS}`,
      "timeout",
      "the limit of the session, 300 s by default",
      { awaited: true, zero: "forever", on: "aiohttp.ClientSession timeout" },
    ],
    ["aiohttp.request", "timeout", "300 s in total", { awaited: true, zero: "forever" }],
  ]),
  ...timeouts("request", "answer", "httplib2 0.20 __init__.py:1206, tornado 6.2 httpclient.py:348", {}, [
    ["httplib2.Http", "timeout@1", "forever", { global: SOCKET, waitsIn: "httplib2.Http.request", fix: "timeout=10" }],
    [
      "tornado.httpclient.HTTPRequest",
      "request_timeout@8 connect_timeout@7:connect",
      "20 s",
      { none: "default", zero: "forever" },
    ],
    [
      "tornado.httpclient.{HTTPClient,AsyncHTTPClient}.fetch",
      "request_timeout connect_timeout:connect",
      "20 s",
      { none: "default", zero: "forever" },
    ],
  ]),
  ...timeouts(
    "request",
    "answer",
    "grpcio 1.51 grpc/__init__.py:666, aio/_base_channel.py",
    { zero: "at once", negative: "at once", fix: "timeout=10", text: "has no deadline" },
    [
      [
        "grpc.{UnaryUnaryMultiCallable,UnaryStreamMultiCallable,StreamUnaryMultiCallable,StreamStreamMultiCallable}.__call__",
        "timeout@1",
        "forever",
        { note: "the deadline of a stream covers all of it" },
      ],
      ["grpc.{UnaryUnaryMultiCallable,StreamUnaryMultiCallable}.with_call", "timeout@1", "forever"],
      ["grpc.aio.{UnaryUnaryMultiCallable,UnaryStreamMultiCallable}.__call__", "timeout", "forever", { awaited: true }],
      [
        "grpc.aio.{StreamUnaryMultiCallable,StreamStreamMultiCallable}.__call__",
        "timeout@1",
        "forever",
        { awaited: true },
      ],
    ],
  ),
  ...timeouts("request", "answer", "paramiko 4.0 client.py:216,518, channel.py:114,377, transport.py:563", {}, [
    [
      "paramiko.SSHClient.connect",
      "timeout@6:connect",
      "forever",
      {
        awaits: "connection",
        carriers: "sock@10",
        global: SOCKET,
        fix: "timeout=10",
        note: "banner, handshake and authentication have limits of their own",
      },
    ],
    [
      "paramiko.SSHClient.exec_command",
      "timeout@2",
      "forever",
      { zero: "error", note: "the limit counts the silence of the command" },
    ],
  ]),
  ...timeouts(
    "request",
    "answer",
    "netmiko 2.4 base_connection.py:47, fabric 3 connection.py, invoke 2 runners.py",
    {},
    [
      ["netmiko.ConnectHandler", "timeout", "100 s"],
      ["fabric.Connection.{run,sudo}", "timeout", "forever", { awaits: "child" }],
    ],
  ),
];

const MODELS = `openai.resources.chat.completions.{Completions,AsyncCompletions}.* openai.resources.completions.{Completions,AsyncCompletions}.*
openai.resources.responses.{Responses,AsyncResponses}.* openai.resources.embeddings.{Embeddings,AsyncEmbeddings}.* openai.resources.images.{Images,AsyncImages}.*
openai.resources.audio.transcriptions.Transcriptions.* openai.resources.audio.speech.Speech.* anthropic.resources.messages.{Messages,AsyncMessages}.*`;

/** Clients of services: cloud, language models, trackers. */
const SERVICES = [
  ...timeouts(
    "request",
    "answer",
    "botocore 1.43 httpsession.py:82, config.py",
    { carriers: "config", note: "for each attempt, so that retries multiply it" },
    [
      ["boto3.{client,resource}", "", "60 s to connect and 60 s to read"],
      ["boto3.Session.{client,resource}", "", "60 s to connect and 60 s to read"],
      ["botocore.session.Session.create_client", "", "60 s to connect and 60 s to read"],
    ],
  ),
  ...timeouts("request", "answer", "python-storage google/cloud/storage/constants.py, google-api-core", {}, [
    [
      "google.cloud.storage.Blob.{download_as_bytes,download_as_string,download_as_text,download_to_file,download_to_filename,upload_from_file,upload_from_filename,upload_from_string,exists,delete,reload}",
      "timeout",
      "60 s",
    ],
    [
      "google.cloud.{vision.ImageAnnotatorClient,speech.SpeechClient,texttospeech.TextToSpeechClient,language.LanguageServiceClient,translate.TranslationServiceClient,tasks_v2.CloudTasksClient,secretmanager.SecretManagerServiceClient,kms.KeyManagementServiceClient,documentai.DocumentProcessorServiceClient}.*",
      "timeout",
      "the default of the service",
    ],
  ]),
  ...timeouts("request", "answer", "openai-python, anthropic-sdk-python _constants.py", { carriers: "http_client" }, [
    [
      "openai.{OpenAI,AsyncOpenAI,AzureOpenAI,AsyncAzureOpenAI} anthropic.{Anthropic,AsyncAnthropic}",
      "timeout",
      "600 s, 5 s of them to connect",
      { note: "two retries: half an hour at worst" },
    ],
  ]),
  ...timeouts("request", "answer", "openai-python, anthropic-sdk-python _base_client.py", {}, [
    [MODELS, "timeout", "the limit of the client, 600 s by default"],
  ]),
  ...timeouts(
    "request",
    "answer",
    "elastic-transport 9.4 _models.py:241, opensearch-py 3 connection/base.py; elasticsearch 7.17 connection/base.py:79",
    {},
    [
      ["elasticsearch.{Elasticsearch,AsyncElasticsearch}", "request_timeout timeout", "10 s"],
      ["opensearchpy.{OpenSearch,AsyncOpenSearch}", "timeout", "10 s"],
    ],
  ),
  ...timeouts("request", "answer", "kubernetes 22.6 client/rest.py:110", {}, [
    [
      "kubernetes.client.{CoreV1Api,AppsV1Api,BatchV1Api,CustomObjectsApi,NetworkingV1Api,RbacAuthorizationV1Api,StorageV1Api,AutoscalingV1Api,AutoscalingV2Api,ApiextensionsV1Api,PolicyV1Api,CoordinationV1Api}.*",
      "_request_timeout",
      "forever",
      { pair: true, fix: "_request_timeout=30" },
    ],
  ]),
  ...timeouts(
    "request",
    "answer",
    "docker 7.1 constants.py:7, hvac 0.11 v1/__init__.py:29, slack_sdk 3 web/client.py",
    {},
    [
      ["docker.{DockerClient,APIClient,from_env}", "timeout", "60 s"],
      ["hvac.Client", "timeout@4", "30 s"],
      ["slack_sdk.WebClient", "timeout@2", "30 s"],
      ["stripe.http_client.RequestsClient", "timeout@0", "80 s"],
    ],
  ),
  ...timeouts(
    "request",
    "answer",
    "PyGithub 1.55 MainClass.py:86, python-gitlab 3.12 client.py:58, jira 3 client.py",
    {},
    [
      ["github.Github", "timeout@4", "15 s"],
      ["gitlab.Gitlab", "timeout@7", "forever", { fix: "timeout=30" }],
      ["jira.JIRA", "timeout", "forever", { fix: "timeout=30" }],
    ],
  ),
  ...timeouts(
    "request",
    "answer",
    "twilio 7.7 http/http_client.py:18, influxdb 5.3 client.py:93, tweepy 4 api.py",
    {},
    [
      [
        "twilio.rest.Client",
        "",
        "forever",
        { carriers: "http_client", note: "takes no timeout: give it TwilioHttpClient(timeout=…)" },
      ],
      ["twilio.http.http_client.TwilioHttpClient", "timeout", "forever", { fix: "timeout=30" }],
      ["influxdb.InfluxDBClient", "timeout@7", "forever", { fix: "timeout=30" }],
      ["tweepy.API", "timeout", "60 s"],
    ],
  ),
];

export const REQUESTS = [...PROTOCOLS, ...SERVICES];
