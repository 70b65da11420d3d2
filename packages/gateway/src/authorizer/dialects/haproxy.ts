/** HAProxy, which asks by its own HTTP client from Lua (2.6 or newer): any status, and the answer goes to the client as it is. */
import { IDENTITY_NAMES } from '../../proxy/identity.ts';
import { wholeRefusal } from '../answer.ts';
import { type AskingPolicy, titled } from '../asking-policy.ts';
import { type Dialect, ORIGINAL } from './dialect.ts';

export const haproxy: Dialect = {
  name: 'haproxy',
  statedIn: ORIGINAL,
  mayForwardBodies: false,
  partialIn: null,
  refuse: wholeRefusal,
  configuration: (policy) => [
    { name: 'haproxy.cfg', text: configuration(policy) },
    { name: 'approov.lua', text: script(policy) },
  ],
};

/** What becomes of a connection, as rules: for HAProxy that asks, and for HAProxy that judges by itself. */
export const UPGRADE_RULES: readonly string[] = [
  '# WebSockets pass. Other upgrades do not: one to HTTP/2 would carry requests that nobody judges. What else the client names in',
  '# Connection would be taken away behind, after it was judged.',
  'http-request set-var(txn.socket) bool(true) if { req.fhdr_cnt(upgrade) eq 1 } { req.fhdr(upgrade) -m str -i websocket }',
  'http-request del-header Connection',
  'http-request set-header Connection upgrade if { var(txn.socket) -m bool }',
  'http-request del-header Upgrade unless { var(txn.socket) -m bool }',
];

/** As long as heads and tokens are likely to be: this one does not know how long the policy lets them be. */
const LONG_HEAD_BYTES = 49_152;

/**
 * What every configuration of HAProxy says of the process: log lines are whole, however long a target is.
 * @param headBytes - the longest head
 */
export function globalSection(headBytes: number): string {
  return `  log stdout len 65535 format raw local0
  # More header lines, or a longer head, are answered 400.
  tune.http.maxhdr 1000
  tune.bufsize ${headBytes}`;
}

function configuration({ listen, to, prefix, stripped }: AskingPolicy): string {
  return `# approov-guard: HAProxy (2.6 or newer, with Lua) asks the authoriser about each request.
# Start the authoriser:  approov-guard authorizer --for haproxy --policy FILE
# If it does not answer, nothing passes: HAProxy answers 503.
global
  lua-load-per-thread approov.lua
${globalSection(LONG_HEAD_BYTES)}

defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 65s
  timeout server 60s
  timeout http-request 10s
  timeout tunnel 1h

frontend approov
  bind ${listen}
  # Names such as X_Attestation_Verdict, which servers behind read as X-Attestation-Verdict, go no further.
  option http-restrict-req-hdr-names delete
  http-request del-header ${prefix} -m beg
  http-request del-header x-original- -m beg
  http-request lua.approov_ask
${UPGRADE_RULES.map((line) => `  ${line}\n`).join('')}  http-request del-header Forwarded
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Host %[req.fhdr(host)]
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
${stripped.map((name) => `  http-request del-header ${titled(name)}\n`).join('')}  default_backend approov_behind

backend approov_behind
  server behind ${to}
`;
}

function script({ asks, prefix }: AskingPolicy): string {
  return `-- approov-guard: asks the authoriser about one request.
local NOT_SENT = { ["host"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["connection"] = true, ["upgrade"] = true,
  ["te"] = true, ["expect"] = true, ["keep-alive"] = true, ["proxy-connection"] = true }
local IDENTITY = { ${IDENTITY_NAMES.map((name) => `"${prefix}${name}"`).join(', ')} }

-- Lines of one name, as they came: HAProxy counts them from 0.
local function lines(values)
  local list, index = {}, 0
  while values and values[index] ~= nil do
    table.insert(list, values[index])
    index = index + 1
  end
  return list
end

local function refuse(txn, status, headers, body)
  local reply = txn:reply()
  reply:set_status(status)
  for name, values in pairs(headers) do
    for _, value in ipairs(values) do reply:add_header(name, value) end
  end
  reply:set_body(body)
  txn:done(reply)
end

core.register_action("approov_ask", { "http-req" }, function(txn)
  local asked = {}
  local given = txn.http:req_get_headers()
  for name, values in pairs(given) do
    if not NOT_SENT[name] then asked[name] = lines(values) end
  end
  asked["x-original-method"] = { txn.f:method() }
  -- As the server behind gets it: also a target in absolute form.
  asked["x-original-uri"] = { txn.f:url() }
  asked["x-original-host"] = lines(given["host"])
  asked["x-original-scheme"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
  if given["content-length"] then asked["x-original-content-length"] = lines(given["content-length"]) end
  local answer = core.httpclient():get{ url = "http://${asks}/", headers = asked, timeout = 5000 }
  if answer == nil or answer.status == nil or answer.status == 0 then
    return refuse(txn, 503, { ["content-type"] = { "application/json" }, ["cache-control"] = { "no-store" }, ["retry-after"] = { "5" } }, "{}")
  end
  if answer.status ~= 200 then
    local headers = {}
    for _, name in pairs({ "content-type", "www-authenticate", "cache-control", "retry-after" }) do headers[name] = lines(answer.headers[name]) end
    return refuse(txn, answer.status, headers, answer.body)
  end
  for _, name in pairs(IDENTITY) do
    txn.http:req_set_header(name, lines(answer.headers[name])[1] or "")
  end
end, 0)
`;
}
