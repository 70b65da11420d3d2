-- wrk: one token after the other, and the figures as one line of JSON.
local requests = {}
local index = 0

function init()
  for token in io.lines(os.getenv("TOKENS")) do
    requests[#requests + 1] = wrk.format("GET", nil, { ["Approov-Token"] = token, ["Accept"] = "application/json", ["User-Agent"] = "bench" })
  end
end

function request()
  index = index % #requests + 1
  return requests[index]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"perSecond":%f,"p50ms":%f,"p99ms":%f,"refused":%d,"failed":%d}',
    summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
