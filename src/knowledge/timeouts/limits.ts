import { timeouts } from "./row.ts";

/** Objects that carry limits and are passed in place of a number, or as a configuration. */
export const LIMITS = [
  ...timeouts("limit", "answer", "httpx 0.28 _config.py:60-130; httpx2 keeps the interface", { zero: "error" }, [
    [
      "{httpx,httpx2}.Timeout",
      "timeout@0 connect:connect read:read write:write pool:pool",
      "required",
      { note: "the first argument is for every part that has none of its own" },
    ],
  ]),
  ...timeouts("limit", "answer", "aiohttp 3.14 client.py:253, helpers.py", { zero: "forever" }, [
    [
      "aiohttp.ClientTimeout",
      "total@0 connect@1:connect sock_read@2:read sock_connect@3:connect",
      "forever",
      {
        text: "leaves every limit out that it is not given",
        note: "sock_read ends the wait for a server that falls silent, however long the whole takes",
      },
    ],
    ["aiohttp.ClientWSTimeout", "ws_receive@0:read ws_close@1", "forever", { byDesign: true }],
  ]),
  ...timeouts("limit", "answer", "urllib3 2.7 util/timeout.py:107", { zero: "error", negative: "error" }, [
    [
      "urllib3.Timeout",
      "total@0 connect@1:connect read@2:read",
      "forever",
      { global: "socket.setdefaulttimeout", text: "leaves the default of sockets, which is no limit" },
    ],
  ]),
  ...timeouts("limit", "answer", "botocore 1.43 config.py, httpsession.py:82", { zero: "error" }, [
    ["botocore.config.Config", "connect_timeout:connect read_timeout:read", "60 s to connect and 60 s to read"],
  ]),
];
