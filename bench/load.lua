-- Requests made from the templates in the file that is the first argument, one template a line, its fields apart by
-- tabs: weight, pool, words, method, path, body, headers as name=value.
-- "########" becomes a number of eight digits that counts up, per template, and begins again after `pool`. The words
-- (apart by commas) take turns, one for each round through the pool, in the place of "@@@@".

local templates, wheel = {}, {}

local function fields(line)
  local found = {}
  for field in (line .. "\t"):gmatch("(.-)\t") do found[#found + 1] = field end
  return found
end

local function pieces(text)
  local found, from = {}, 1
  while true do
    local first, last = text:find("########", from, true)
    if not first then break end
    found[#found + 1] = text:sub(from, first - 1)
    from = last + 1
  end
  found[#found + 1] = text:sub(from)
  return found
end

local function read(line)
  local field = fields(line)
  local headers = {}
  for at = 7, #field do
    local name, value = field[at]:match("^(.-)=(.*)$")
    headers[name] = value
  end
  local rounds = {}
  for word in (field[3] .. ","):gmatch("(.-),") do
    local body = field[6] ~= "" and field[6]:gsub("@@@@", word) or nil
    rounds[#rounds + 1] = pieces(wrk.format(field[4], field[5], headers, body))
  end
  return { weight = tonumber(field[1]), pool = tonumber(field[2]), rounds = rounds, sent = 0 }
end

function init(args)
  for line in io.lines(args[1]) do
    local template = read(line)
    templates[#templates + 1] = template
    for _ = 1, template.weight do wheel[#wheel + 1] = template end
  end
end

function request()
  local template = wheel[math.random(#wheel)]
  local number, round = template.sent % template.pool, math.floor(template.sent / template.pool) % #template.rounds
  template.sent = template.sent + 1
  return table.concat(template.rounds[round + 1], string.format("%08d", number))
end

function done(summary, latency)
  local failed = summary.errors
  print(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed.status,
    failed.connect + failed.read + failed.write + failed.timeout))
end
