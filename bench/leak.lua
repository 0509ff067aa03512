-- One leak a request, to as many recipients as there are requests.
local count = 0
local text = string.rep("You sing in the lift. ", 10):sub(1, 200)
function request()
  count = count + 1
  local body = string.format(
    '{"recipient":"r%d@d%d.example.org","message":"%s","sender":"s%d@example.net","relation":"friend","kind":"thanks","consent":true}',
    count, count % 97, text, count)
  return wrk.format("POST", "/v1/leaks", {["Content-Type"] = "application/json"}, body)
end
function done(summary, latency)
  io.write(string.format('{"requests":%d,"us":%d,"bad":%d,"failed":%d,"p50_ms":%.2f,"p99_ms":%.2f}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
