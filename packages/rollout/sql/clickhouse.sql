-- Adds decision logs up: one line for each kind of decision and hour, which `approov-guard report` reads as it reads a log. ClickHouse 24 or newer.
-- It says what duckdb.sql says, by which it was written; unlike that one it was not run against a server.
--   clickhouse local --queries-file clickhouse.sql --output-format TSVRaw > sums.jsonl
--   npx approov-guard report sums.jsonl
-- A line that is not a decision is counted, and the report says so. The numbers of devices and networks are exact.
WITH lines AS (
  -- Or a table of yours with a column `line`.
  SELECT line FROM file('decisions/*.jsonl', 'LineAsString', 'line String') WHERE trimRight(line) != ''
), members AS (
  -- As they were written: a member of another type is not a decision's.
  SELECT isValidJSON(line) AND JSONType(line) = 'Object' AS sound,
    if(JSONType(line, 'time') IN ('Int64', 'UInt64', 'Double'), JSONExtractFloat(line, 'time'), 0) AS moment,
    if(JSONType(line, 'dropped') IN ('Int64', 'UInt64', 'Double'), JSONExtractFloat(line, 'dropped'), 0) AS lost,
    multiIf(NOT JSONHas(line, 'count') OR JSONType(line, 'count') = 'Null', 1, JSONType(line, 'count') IN ('Int64', 'UInt64', 'Double'), JSONExtractFloat(line, 'count'), 0) AS n,
    JSONExtractRaw(line, 'device') AS device, JSONExtractRaw(line, 'address') AS address, JSONExtractRaw(line, 'route') AS route,
    JSONExtractRaw(line, 'mode') AS mode, JSONExtractRaw(line, 'action') AS action, JSONExtractRaw(line, 'outcome') AS outcome,
    JSONExtractRaw(line, 'code') AS code, JSONExtractRaw(line, 'version') AS version, JSONExtractRaw(line, 'platform') AS platform,
    JSONExtractRaw(line, 'key') AS key, JSONExtractRaw(line, 'again') AS again
  FROM lines
), judged AS (
  SELECT *, multiIf(
      NOT sound OR moment <= 0 OR moment >= 4102444800000, 'damaged',
      lost > 0 AND lost <= 9007199254740991 AND lost = floor(lost), 'dropped',
      n > 0 AND n <= 9007199254740991 AND n = floor(n) AND outcome IN ('"accepted"', '"rejected"', '"unavailable"') AND match(code, '^"[a-z-]{1,64}"$'), 'decision',
      'damaged') AS what
  FROM members
), sums AS (
  SELECT what, if(what = 'decision', toInt64(floor(moment / 3600000) * 3600000), 0) AS hour,
    -- What is not a text, is empty.
    if(what = 'decision', concat(
      '"route":', if(startsWith(route, '"'), route, '""'), ',"mode":', if(startsWith(mode, '"'), mode, '""'),
      ',"action":', if(startsWith(action, '"'), action, '""'), ',"outcome":', outcome, ',"code":', code,
      ',"version":', if(startsWith(version, '"'), version, '""'), ',"platform":', if(startsWith(platform, '"'), platform, '""'),
      ',"key":', if(startsWith(key, '"'), key, '""'), ',"again":', if(again = 'true', 'true', 'false')), '') AS kind,
    toInt64(sumIf(n, what = 'decision')) AS total, toInt64(sumIf(lost, what = 'dropped')) AS missing, count() AS rows
  FROM judged GROUP BY what, hour, kind
), spread AS (
  SELECT code, uniqExactIf(device, device LIKE '"_%"') AS devices, uniqExactIf(address, address LIKE '"_%"') AS addresses
  FROM judged WHERE what = 'decision' GROUP BY code
)
SELECT multiIf(
    what = 'decision', concat('{"time":', toString(hour), ',"count":', toString(total), ',', kind, '}'),
    what = 'dropped', concat('{"time":1,"dropped":', toString(missing), '}'),
    concat('{"damaged":', toString(rows), '}')) AS line
FROM sums
UNION ALL
SELECT concat('{"code":', code, ',"devices":', toString(devices), ',"addresses":', toString(addresses), '}') AS line FROM spread;
