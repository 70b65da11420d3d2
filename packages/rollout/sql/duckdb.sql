-- Adds decision logs up: one line for each kind of decision and hour, which `approov-guard report` reads as it reads a log. DuckDB 1.1 or newer.
--   duckdb -noheader -list -cmd "SET VARIABLE logs = 'decisions/*.jsonl'" < duckdb.sql > sums.jsonl
--   npx approov-guard report sums.jsonl
-- A line that is not a decision is counted, and the report says so. The numbers of devices and networks are exact.
WITH lines AS NOT MATERIALIZED (
  -- As JSON, since a member of another type is not a decision's. A damaged line is a row of NULL; where one is cut off at a colon, DuckDB
  -- gives up the next line with it, and counts two.
  SELECT time::VARCHAR AS time, dropped::VARCHAR AS dropped, count::VARCHAR AS count, device::VARCHAR AS device, address::VARCHAR AS address,
    route::VARCHAR AS route, mode::VARCHAR AS mode, action::VARCHAR AS action, outcome::VARCHAR AS outcome, code::VARCHAR AS code,
    version::VARCHAR AS version, platform::VARCHAR AS platform, key::VARCHAR AS key, again::VARCHAR AS again
  FROM read_json(getvariable('logs'), format = 'newline_delimited', ignore_errors = true, columns = {
    time: 'JSON', dropped: 'JSON', count: 'JSON', device: 'JSON', address: 'JSON', route: 'JSON', mode: 'JSON', action: 'JSON',
    outcome: 'JSON', code: 'JSON', version: 'JSON', platform: 'JSON', key: 'JSON', again: 'JSON'})
), numbers AS NOT MATERIALIZED (
  SELECT *, TRY_CAST(time AS DOUBLE) AS moment, TRY_CAST(dropped AS DOUBLE) AS lost,
    CASE WHEN count IS NULL THEN 1 ELSE TRY_CAST(count AS DOUBLE) END AS n
  FROM lines
), judged AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN (moment > 0 AND moment < 4102444800000) IS NOT TRUE THEN 'damaged'
         WHEN lost > 0 AND lost <= 9007199254740991 AND lost = floor(lost) THEN 'dropped'
         WHEN n > 0 AND n <= 9007199254740991 AND n = floor(n)
              AND outcome IN ('"accepted"', '"rejected"', '"unavailable"') AND regexp_full_match(code, '"[a-z-]{1,64}"') THEN 'decision'
         ELSE 'damaged' END AS what
  FROM numbers
), sums AS MATERIALIZED (
  SELECT what, CASE what WHEN 'decision' THEN (floor(moment / 3600000) * 3600000)::BIGINT END AS hour,
    -- Members are taken as they were written. What is not a text, is empty.
    CASE what WHEN 'decision' THEN '"route":' || CASE WHEN route LIKE '"%' THEN route ELSE '""' END
      || ',"mode":' || CASE WHEN mode LIKE '"%' THEN mode ELSE '""' END
      || ',"action":' || CASE WHEN action LIKE '"%' THEN action ELSE '""' END
      || ',"outcome":' || outcome
      || ',"code":' || code
      || ',"version":' || CASE WHEN version LIKE '"%' THEN version ELSE '""' END
      || ',"platform":' || CASE WHEN platform LIKE '"%' THEN platform ELSE '""' END
      || ',"key":' || CASE WHEN key LIKE '"%' THEN key ELSE '""' END
      || ',"again":' || CASE again WHEN 'true' THEN 'true' ELSE 'false' END END AS kind,
    sum(n) FILTER (what = 'decision')::BIGINT AS n, sum(lost) FILTER (what = 'dropped')::BIGINT AS lost, count(*) AS lines
  FROM judged GROUP BY ALL
), spread AS (
  SELECT code, count(DISTINCT device) FILTER (device LIKE '"_%"') AS devices, count(DISTINCT address) FILTER (address LIKE '"_%"') AS addresses
  FROM judged WHERE what = 'decision' GROUP BY code
)
SELECT CASE what WHEN 'decision' THEN '{"time":' || hour || ',"count":' || n || ',' || kind || '}'
                 WHEN 'dropped' THEN '{"time":1,"dropped":' || lost || '}'
                 ELSE '{"damaged":' || lines || '}' END AS line
FROM sums
UNION ALL
SELECT '{"code":' || code || ',"devices":' || devices || ',"addresses":' || addresses || '}' FROM spread;
