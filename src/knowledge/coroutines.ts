import { expandAll } from "./names.ts";

const VERBS = "{get,post,put,patch,delete,head,options,request}";
const DB_RUN = "{execute,executemany,fetchone,fetchall,fetchmany}";

// CPython 3.13 Lib/asyncio; aiohttp 3.14; httpx 0.28; asyncpg 0.31; SQLAlchemy 2.1; redis-py 8; PyMongo 4.16; anyio 4.10; Django 5.2
const AWAITED: readonly string[] = [
  // asyncio
  "asyncio.{sleep,wait_for,wait,to_thread,open_connection,open_unix_connection,start_server,start_unix_server,create_subprocess_exec,create_subprocess_shell}",
  "asyncio.{Queue,LifoQueue,PriorityQueue}.{get,put,join}",
  "asyncio.{Lock,Semaphore,BoundedSemaphore,Condition}.acquire asyncio.Event.wait asyncio.Condition.{wait,wait_for} asyncio.Barrier.{wait,reset,abort}",
  "asyncio.StreamReader.{read,readline,readexactly,readuntil} asyncio.StreamWriter.{drain,wait_closed,start_tls}",
  "asyncio.subprocess.Process.{wait,communicate} asyncio.Server.{serve_forever,start_serving,wait_closed}",
  "asyncio.AbstractEventLoop.{create_connection,create_server,create_unix_connection,create_unix_server,create_datagram_endpoint,connect_accepted_socket,getaddrinfo,getnameinfo,sock_recv,sock_recv_into,sock_recvfrom,sock_sendall,sock_sendto,sock_connect,sock_accept,sock_sendfile,sendfile,start_tls,connect_read_pipe,connect_write_pipe,subprocess_exec,subprocess_shell,shutdown_asyncgens,shutdown_default_executor}",
  "contextlib.AsyncExitStack.{aclose,enter_async_context}",
  // anyio and trio
  "anyio.{sleep,sleep_until,sleep_forever,open_file,run_process,open_process,connect_tcp,connect_unix,create_tcp_listener,wait_readable,wait_socket_readable,wait_writable,mkdtemp,mkstemp,gettempdir,aclose_forcefully}",
  "anyio.{to_thread,to_process,to_interpreter}.run_sync anyio.lowlevel.{checkpoint,checkpoint_if_cancelled}",
  "anyio.{Event.wait,Lock.acquire,Semaphore.acquire,Condition.wait,Condition.acquire,CapacityLimiter.acquire}",
  "anyio.Path.{read_text,read_bytes,write_text,write_bytes,exists,is_file,is_dir,mkdir,unlink,rename,replace,rmdir,stat,touch,resolve,open,symlink_to,chmod,lstat,samefile}",
  "anyio.AsyncFile.{read,readline,readlines,write,writelines,seek,tell,flush,aclose,truncate}",
  "anyio.abc.{SocketStream,ByteStream,ObjectStream,ByteReceiveStream,ByteSendStream}.{send,receive,aclose,send_eof} anyio.abc.Process.{wait,aclose} anyio.abc.TaskGroup.start",
  "trio.{sleep,sleep_until,sleep_forever,open_file,run_process,open_tcp_stream,serve_tcp} trio.to_thread.run_sync trio.Nursery.start trio.lowlevel.checkpoint trio.{Event.wait,Lock.acquire,Semaphore.acquire}",
  // HTTP and web sockets
  `aiohttp.ClientSession.${VERBS} aiohttp.ClientSession.{close,ws_connect}`,
  "aiohttp.ClientResponse.{json,text,read,wait_for_close} aiohttp.StreamReader.{read,readline,readany,readexactly,readchunk}",
  "aiohttp.ClientWebSocketResponse.{send_str,send_bytes,send_json,receive,receive_str,receive_json,receive_bytes,close,ping,pong}",
  "aiohttp.web.WebSocketResponse.{prepare,send_str,send_bytes,send_json,receive,receive_str,receive_json,close,ping} aiohttp.web.{Response,StreamResponse}.{prepare,write,write_eof}",
  "aiohttp.web.Request.{json,text,read,post,multipart} aiohttp.web.AppRunner.{setup,cleanup} aiohttp.web.{TCPSite,UnixSite,SockSite}.{start,stop} aiohttp.{TCPConnector,BaseConnector}.close",
  `httpx.AsyncClient.${VERBS} httpx.AsyncClient.{send,aclose} httpx.Response.{aread,aclose}`,
  `httpx2.AsyncClient.${VERBS} httpx2.AsyncClient.{send,aclose} httpx2.Response.{aread,aclose}`,
  "websockets.asyncio.client.ClientConnection.{send,recv,close,ping,wait_closed} websockets.legacy.client.WebSocketClientProtocol.{send,recv,close,ping,wait_closed} websockets.asyncio.server.ServerConnection.{send,recv,close,ping}",
  "curl_cffi.requests.AsyncSession.{get,post,put,patch,delete,head,options,request,close}",
  "niquests.AsyncSession.{get,post,put,patch,delete,head,options,request}",
  "gql.Client.{execute_async,connect_async,close_async}",
  "starlette.requests.Request.{body,json,form,close,is_disconnected,send_push_promise} fastapi.Request.{body,json,form,is_disconnected}",
  "fastapi.UploadFile.{read,write,seek,close} fastapi.WebSocket.{accept,close,send_text,send_json,send_bytes,receive_text,receive_json,receive_bytes,receive,send} starlette.websockets.WebSocket.{accept,close,send_text,send_json,send_bytes,receive_text,receive_json,receive_bytes,receive,send}",
  "starlette.concurrency.run_in_threadpool",
  "aiosmtplib.send aiosmtplib.SMTP.{connect,sendmail,send_message,login,starttls,quit} uvicorn.Server.{serve,shutdown}",
  "asyncssh.{connect,scp,create_connection,listen} asyncssh.SSHClientConnection.{run,create_process,start_sftp_client,wait_closed} asyncssh.SFTPClient.{get,put,listdir,remove,stat,mkdir,rename}",
  "dns.asyncresolver.{resolve,resolve_address} dns.asyncresolver.Resolver.{resolve,resolve_address}",
  // Files and terminal
  "aiofiles.threadpool.AsyncTextIOWrapper.{read,readline,readlines,write,writelines,seek,tell,flush,close,truncate}",
  "aiofiles.os.{stat,rename,renames,replace,remove,unlink,mkdir,makedirs,rmdir,removedirs,link,symlink,readlink,listdir,scandir,access,getcwd,statvfs,sendfile} aiofiles.os.path.{exists,isfile,isdir,getsize,getmtime,getctime,islink,abspath}",
  "aioconsole.{ainput,aprint} prompt_toolkit.PromptSession.prompt_async",
  // SQL
  "asyncpg.connect asyncpg.Connection.{execute,executemany,fetch,fetchrow,fetchval,fetchmany,close,prepare,copy_from_table,copy_to_table,copy_records_to_table,add_listener,remove_listener,reload_schema_state,set_type_codec,reset}",
  "asyncpg.Pool.{execute,executemany,fetch,fetchrow,fetchval,fetchmany,close,release,copy_records_to_table,expire_connections} asyncpg.prepared_stmt.PreparedStatement.{fetch,fetchrow,fetchval,executemany}",
  "asyncpg.transaction.Transaction.{start,commit,rollback}",
  `aiomysql.Cursor.${DB_RUN} aiomysql.Cursor.{close,callproc} aiomysql.Connection.{commit,rollback,begin,ping,select_db,ensure_closed} aiomysql.Pool.{wait_closed,clear}`,
  `aiosqlite.Cursor.${DB_RUN} aiosqlite.Cursor.close aiosqlite.Connection.{execute_fetchall,execute_insert,executescript,commit,rollback,close,create_function,backup}`,
  "aiosqlite.Connection.{execute,executemany,cursor}",
  `aiopg.Cursor.${DB_RUN} aioodbc.Cursor.${DB_RUN} asyncmy.cursors.Cursor.${DB_RUN}`,
  `psycopg.AsyncCursor.${DB_RUN} psycopg.AsyncConnection.{connect,execute,commit,rollback,close,set_autocommit} psycopg_pool.AsyncConnectionPool.{open,close,getconn,putconn,wait,check,resize}`,
  "oracledb.connect_async mysql.connector.aio.connect",
  "sqlalchemy.ext.asyncio.AsyncSession.{execute,scalar,scalars,get,get_one,commit,flush,refresh,rollback,merge,delete,close,stream,stream_scalars,run_sync,connection,invalidate,reset,close_all}",
  "sqlalchemy.ext.asyncio.AsyncConnection.{execute,scalar,scalars,exec_driver_sql,commit,rollback,close,run_sync,stream,invalidate,execution_options} sqlalchemy.ext.asyncio.AsyncEngine.dispose",
  "sqlmodel.ext.asyncio.session.AsyncSession.exec",
  "tortoise.Tortoise.{init,close_connections,generate_schemas} tortoise.models.Model.{save,delete,refresh_from_db,create,bulk_create,get_or_create,update_or_create,fetch_related}",
  "databases.Database.{connect,disconnect,execute,execute_many,fetch_all,fetch_one,fetch_val}",
  "beanie.Document.{insert,save,replace,delete,update,create,insert_one,insert_many,sync,get,save_changes} beanie.init_beanie",
  "django.db.models.query.QuerySet.{aget,afirst,alast,acount,aexists,acreate,aget_or_create,aupdate_or_create,aupdate,adelete,abulk_create,abulk_update,aaggregate,ain_bulk,aearliest,alatest,acontains,aexplain}",
  "django.db.models.Model.{asave,adelete,arefresh_from_db} django.shortcuts.{aget_object_or_404,aget_list_or_404} django.contrib.auth.{aauthenticate,alogin,alogout,aget_user} django.core.cache.cache.{aget,aset,adelete,aget_or_set,aadd,aincr,adecr,aclear,atouch,aget_many,aset_many,adelete_many,ahas_key}",
  // Caches, documents, brokers
  "redis.asyncio.Redis.{get,set,delete,hget,hset,hgetall,hdel,lpush,rpush,lpop,rpop,lrange,llen,publish,execute_command,expire,exists,incr,incrby,decr,setex,setnx,mget,mset,sadd,srem,smembers,sismember,zadd,zrem,zrange,zrangebyscore,keys,ping,flushdb,flushall,ttl,blpop,brpop,xadd,xread,xreadgroup,xack,hmset,hmget,hexists,hincrby,eval,evalsha,aclose,close,rename,persist,getdel,scan,zscore,zcard,ltrim,lrem,type,pttl,info,append,getset,pfadd,hkeys,hvals,script_load}",
  "redis.asyncio.client.Pipeline.{execute,watch,reset} redis.asyncio.client.PubSub.{subscribe,psubscribe,unsubscribe,punsubscribe,get_message,aclose,close,ping} redis.asyncio.lock.Lock.{acquire,release,extend,reacquire,owned,locked} redis.asyncio.{ConnectionPool,BlockingConnectionPool}.{disconnect,aclose}",
  "pymongo.asynchronous.collection.AsyncCollection.{find_one,insert_one,insert_many,update_one,update_many,delete_one,delete_many,aggregate,count_documents,bulk_write,find_one_and_update,find_one_and_delete,find_one_and_replace,replace_one,distinct,estimated_document_count,create_index,create_indexes,drop,drop_index,index_information,rename}",
  "pymongo.asynchronous.database.AsyncDatabase.{command,list_collection_names,create_collection,drop_collection} pymongo.AsyncMongoClient.{close,server_info,list_database_names,drop_database,aconnect} pymongo.asynchronous.cursor.AsyncCursor.{to_list,next,close}",
  "motor.motor_asyncio.AsyncIOMotorCollection.{find_one,insert_one,insert_many,update_one,update_many,delete_one,delete_many,count_documents,bulk_write,find_one_and_update,find_one_and_delete,find_one_and_replace,replace_one,distinct,estimated_document_count,create_index,create_indexes,drop,drop_index,index_information}",
  "motor.motor_asyncio.AsyncIOMotorDatabase.{command,list_collection_names,create_collection,drop_collection} motor.motor_asyncio.AsyncIOMotorCursor.{to_list}",
  "neo4j.AsyncSession.{run,execute_read,execute_write,close,begin_transaction} neo4j.AsyncDriver.{close,execute_query,verify_connectivity} neo4j.AsyncResult.{data,single,fetch,consume,value,values} neo4j.AsyncTransaction.{run,commit,rollback,close}",
  "elasticsearch.AsyncElasticsearch.{search,index,get,delete,update,bulk,count,exists,close,ping,info,mget,msearch,delete_by_query,update_by_query,scroll,create} opensearchpy.AsyncOpenSearch.{search,index,get,delete,update,bulk,count,exists,close,ping,info} elasticsearch.helpers.{async_bulk,async_reindex}",
  "aiokafka.AIOKafkaProducer.{start,stop,send,send_and_wait,flush} aiokafka.AIOKafkaConsumer.{start,stop,getmany,getone,commit,seek_to_end,seek_to_beginning,position,committed}",
  "aio_pika.{connect,connect_robust} aio_pika.abc.{AbstractConnection,AbstractRobustConnection}.{channel,close} aio_pika.abc.AbstractChannel.{declare_queue,declare_exchange,set_qos,close,get_exchange,get_queue} aio_pika.abc.AbstractExchange.publish aio_pika.abc.AbstractQueue.{consume,bind,get,purge,delete} aio_pika.abc.AbstractIncomingMessage.{ack,nack,reject}",
  "aiomqtt.Client.{publish,subscribe,unsubscribe} nats.connect nats.aio.client.Client.{connect,publish,subscribe,request,close,drain,flush} arq.create_pool arq.connections.ArqRedis.enqueue_job zmq.asyncio.Socket.{recv,recv_string,recv_json,recv_pyobj,recv_multipart,send,send_string,send_json,send_pyobj,send_multipart} zmq.asyncio.Poller.poll",
  // Services
  "aiobotocore.client.AioBaseClient.{put_object,get_object,head_object,list_objects_v2,delete_object,copy_object,upload_file,download_file,upload_fileobj,download_fileobj,send_message,receive_message,delete_message,publish,invoke,put_item,get_item,query,update_item,delete_item,scan,generate_presigned_url,create_bucket,close}",
  "openai.AsyncOpenAI.close openai.resources.chat.completions.AsyncCompletions.{create,parse} openai.resources.responses.AsyncResponses.{create,parse} openai.resources.embeddings.AsyncEmbeddings.create openai.resources.images.AsyncImages.{generate,edit} anthropic.resources.messages.AsyncMessages.{create,count_tokens}",
  "litellm.{acompletion,aembedding,atext_completion,aimage_generation,atranscription,arerank} ollama.AsyncClient.{chat,generate,embeddings,embed,pull,list,show}",
  "langchain_core.runnables.Runnable.{ainvoke,abatch} langchain_core.language_models.BaseChatModel.{agenerate,apredict,ainvoke} langchain_core.vectorstores.VectorStore.{asimilarity_search,aadd_documents,aadd_texts} langchain_core.embeddings.Embeddings.{aembed_query,aembed_documents}",
  "google.generativeai.GenerativeModel.generate_content_async qdrant_client.AsyncQdrantClient.{search,upsert,query_points,get_collection,create_collection,delete,scroll,retrieve,close}",
  "slack_sdk.web.async_client.AsyncWebClient.{chat_postMessage,chat_update,files_upload_v2,conversations_list,users_info}",
  "playwright.async_api.Page.{goto,click,fill,wait_for_selector,wait_for_timeout,wait_for_load_state,content,title,screenshot,evaluate,close,reload,type,press,query_selector,query_selector_all,inner_text,text_content,hover,select_option,set_content,pdf,check,go_back} playwright.async_api.Browser.{new_page,new_context,close} playwright.async_api.BrowserType.{launch,connect,connect_over_cdp} playwright.async_api.BrowserContext.{new_page,close,storage_state,cookies} playwright.async_api.Locator.{click,fill,inner_text,text_content,count,wait_for,is_visible,all,get_attribute,press,hover,check,screenshot,evaluate}",
  "discord.abc.Messageable.{send,fetch_message} discord.Message.{delete,edit,add_reaction,reply,pin,remove_reaction} discord.Client.{start,close,login,connect,wait_until_ready,fetch_user,fetch_channel,fetch_guild,change_presence} discord.Member.{add_roles,remove_roles,ban,kick,edit,send,move_to} discord.ext.commands.Context.{send,reply,defer} discord.InteractionResponse.{send_message,defer,edit_message,send_modal} discord.Webhook.send discord.ext.commands.Bot.{load_extension,add_cog,process_commands,unload_extension}",
  "telegram.Bot.{send_message,send_photo,get_me,delete_message,edit_message_text,send_document,answer_callback_query} telegram.Message.{reply_text,reply_photo,edit_text,delete,reply_document,reply_html} telegram.CallbackQuery.{answer,edit_message_text} aiogram.Bot.{send_message,send_photo,delete_message,edit_message_text,get_me} aiogram.types.Message.{answer,reply,edit_text,delete,answer_photo} aiogram.Dispatcher.start_polling",
  "filelock.AsyncFileLock.{acquire,release} watchfiles.arun_process tornado.httpclient.AsyncHTTPClient.fetch tornado.gen.sleep aiomcache.Client.{get,set,delete}",
  "grpc.aio.Server.{start,stop,wait_for_termination} grpc.aio.Channel.{close,channel_ready}",
  "channels.layers.InMemoryChannelLayer.{group_send,send,group_add,group_discard} channels_redis.core.RedisChannelLayer.{group_send,send,group_add,group_discard}",
];

/** Library functions and methods whose result does nothing until it is awaited. */
export const COROUTINES: ReadonlySet<string> = new Set(AWAITED.flatMap(expandAll));

/** What a call that looks like a coroutine function really returns. */
export type AwaitableKind = "scheduled" | "thread-future" | "async-iterator" | "context-manager";

// A statement that drops one of these is no `coroutine-never-awaited`: the work runs, or nothing was to be awaited.
const TRAPS: readonly (readonly [names: string, kind: AwaitableKind])[] = [
  [
    "asyncio.{create_task,ensure_future,gather,shield,wrap_future} asyncio.AbstractEventLoop.{create_task,run_in_executor,create_future} asyncio.TaskGroup.create_task anyio.abc.TaskGroup.start_soon trio.Nursery.start_soon",
    "scheduled",
  ],
  ["asyncio.run_coroutine_threadsafe concurrent.futures.Executor.submit", "thread-future"],
  [
    "httpx.Response.{aiter_bytes,aiter_text,aiter_lines,aiter_raw} redis.asyncio.client.PubSub.listen redis.asyncio.Redis.{scan_iter,hscan_iter,sscan_iter,zscan_iter} anyio.Path.{iterdir,glob,rglob} pymongo.asynchronous.collection.AsyncCollection.find motor.motor_asyncio.AsyncIOMotorCollection.{find,aggregate} django.db.models.query.QuerySet.aiterator asyncio.as_completed aio_pika.abc.AbstractQueue.iterator elasticsearch.helpers.async_scan langchain_core.runnables.Runnable.astream watchfiles.awatch starlette.requests.Request.stream starlette.concurrency.iterate_in_threadpool",
    "async-iterator",
  ],
  [
    "httpx.AsyncClient.stream asyncio.timeout asyncio.timeout_at anyio.create_task_group anyio.fail_after anyio.move_on_after asyncpg.Connection.transaction sqlalchemy.ext.asyncio.{AsyncEngine,AsyncSession}.{begin} sqlalchemy.ext.asyncio.AsyncSession.begin_nested redis.asyncio.Redis.{pipeline,lock,pubsub} aiobotocore.session.AioSession.create_client aioboto3.Session.{client,resource} contextlib.aclosing",
    "context-manager",
  ],
];

/** Calls that return something to hold or iterate, not a coroutine: dropping them is another rule's business. */
export const NOT_COROUTINES: ReadonlyMap<string, AwaitableKind> = new Map(
  TRAPS.flatMap(([names, kind]) => expandAll(names).map((name) => [name, kind] as const)),
);

/** Functions that were no coroutines in older versions of their library, and are none in another distribution of the same package. */
export const COROUTINES_SINCE: ReadonlyMap<string, { library: string; version: string; unlike: string }> = new Map(
  // discord.py 2.0, "Migrating to v2.0": cogs and extensions are loaded asynchronously; Pycord 2.8 bot.py, cog.py
  expandAll("discord.ext.commands.Bot.{load_extension,unload_extension,add_cog}").map(
    (name) => [name, { library: "discord.py", version: "2.0", unlike: "py-cord" }] as const,
  ),
);
