-- Adds decision logs up: one line for each kind of decision and hour, which `approov-guard report` reads as it reads a log. BigQuery, GoogleSQL.
-- It says what duckdb.sql says, by which it was written; unlike that one it was not run against the service.
--   bq load --source_format=CSV --field_delimiter='\x01' --quote='' rollout.lines 'gs://BUCKET/decisions/*.jsonl' line:STRING
--   bq query --use_legacy_sql=false --format=json --max_rows=10000000 < bigquery.sql | jq -r '.[].line' > sums.jsonl
--   npx approov-guard report sums.jsonl
-- A line that is not a decision is counted, and the report says so. The numbers of devices and networks are exact.
WITH lines AS (
  SELECT SAFE.PARSE_JSON(line, wide_number_mode => 'round') AS j FROM rollout.lines WHERE TRIM(line) != ''
), members AS (
  -- As they were written: a member of another type is not a decision's.
  SELECT
    IF(JSON_TYPE(j.time) = 'number', LAX_FLOAT64(j.time), 0) AS moment,
    IF(JSON_TYPE(j.dropped) = 'number', LAX_FLOAT64(j.dropped), 0) AS lost,
    CASE WHEN j.count IS NULL OR JSON_TYPE(j.count) = 'null' THEN 1 WHEN JSON_TYPE(j.count) = 'number' THEN LAX_FLOAT64(j.count) ELSE 0 END AS n,
    IF(JSON_TYPE(j.device) = 'string', TO_JSON_STRING(j.device), '""') AS device,
    IF(JSON_TYPE(j.address) = 'string', TO_JSON_STRING(j.address), '""') AS address,
    IF(JSON_TYPE(j.route) = 'string', TO_JSON_STRING(j.route), '""') AS route,
    IF(JSON_TYPE(j.mode) = 'string', TO_JSON_STRING(j.mode), '""') AS mode,
    IF(JSON_TYPE(j.action) = 'string', TO_JSON_STRING(j.action), '""') AS action,
    IF(JSON_TYPE(j.outcome) = 'string', TO_JSON_STRING(j.outcome), '""') AS outcome,
    IF(JSON_TYPE(j.code) = 'string', TO_JSON_STRING(j.code), '""') AS code,
    IF(JSON_TYPE(j.version) = 'string', TO_JSON_STRING(j.version), '""') AS version,
    IF(JSON_TYPE(j.platform) = 'string', TO_JSON_STRING(j.platform), '""') AS platform,
    IF(JSON_TYPE(j.key) = 'string', TO_JSON_STRING(j.key), '""') AS key,
    IFNULL(TO_JSON_STRING(j.again) = 'true', FALSE) AS again
  FROM lines
), judged AS (
  SELECT *,
    CASE WHEN NOT (moment > 0 AND moment < 4102444800000) THEN 'damaged'
         WHEN lost > 0 AND lost <= 9007199254740991 AND lost = FLOOR(lost) THEN 'dropped'
         WHEN n > 0 AND n <= 9007199254740991 AND n = FLOOR(n) AND outcome IN ('"accepted"', '"rejected"', '"unavailable"')
              AND REGEXP_CONTAINS(code, r'^"[a-z-]{1,64}"$') THEN 'decision'
         ELSE 'damaged' END AS what
  FROM members
), sums AS (
  SELECT what, IF(what = 'decision', CAST(FLOOR(moment / 3600000) * 3600000 AS INT64), NULL) AS hour,
    IF(what = 'decision', CONCAT(
      '"route":', route, ',"mode":', mode, ',"action":', action, ',"outcome":', outcome, ',"code":', code,
      ',"version":', version, ',"platform":', platform, ',"key":', key, ',"again":', IF(again, 'true', 'false')), NULL) AS kind,
    CAST(SUM(IF(what = 'decision', n, 0)) AS INT64) AS total, CAST(SUM(IF(what = 'dropped', lost, 0)) AS INT64) AS missing, COUNT(*) AS row_count
  FROM judged GROUP BY what, hour, kind
), spread AS (
  SELECT code, COUNT(DISTINCT NULLIF(device, '""')) AS devices, COUNT(DISTINCT NULLIF(address, '""')) AS addresses
  FROM judged WHERE what = 'decision' GROUP BY code
)
SELECT CASE what
    WHEN 'decision' THEN CONCAT('{"time":', CAST(hour AS STRING), ',"count":', CAST(total AS STRING), ',', kind, '}')
    WHEN 'dropped' THEN CONCAT('{"time":1,"dropped":', CAST(missing AS STRING), '}')
    ELSE CONCAT('{"damaged":', CAST(row_count AS STRING), '}') END AS line
FROM sums
UNION ALL
SELECT CONCAT('{"code":', code, ',"devices":', CAST(devices AS STRING), ',"addresses":', CAST(addresses AS STRING), '}') FROM spread;
