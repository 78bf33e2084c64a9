/** Channel on which changed jobs are announced. */
export const CHANGES_CHANNEL = 'aerie_jobs';

/** Made in one go, serialized by a lock: processes start together. */
export const SCHEMA_SQL = `
DO $$ BEGIN
PERFORM pg_advisory_xact_lock(714820250);
CREATE SCHEMA IF NOT EXISTS aerie;
CREATE TABLE IF NOT EXISTS aerie.job (
  id text COLLATE "C" PRIMARY KEY,
  task text NOT NULL,
  status text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  head text NOT NULL,
  input text NOT NULL,
  result text,
  idempotency_key text UNIQUE,
  expires_at bigint,
  remove_at bigint,
  batch_id text,
  batch_index integer
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS job_status_idx ON aerie.job (status, id);
CREATE INDEX IF NOT EXISTS job_expires_idx ON aerie.job (expires_at) WHERE expires_at IS NOT NULL AND status = 'pending';
CREATE INDEX IF NOT EXISTS job_remove_idx ON aerie.job (remove_at) WHERE remove_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS job_batch_idx ON aerie.job (batch_id, batch_index) WHERE batch_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS aerie.batch (
  id text COLLATE "C" PRIMARY KEY,
  body text NOT NULL
);
CREATE TABLE IF NOT EXISTS aerie.delivery (
  id text COLLATE "C" PRIMARY KEY,
  job_id text NOT NULL REFERENCES aerie.job (id) ON DELETE CASCADE,
  status text NOT NULL,
  body text NOT NULL
);
CREATE INDEX IF NOT EXISTS delivery_job_idx ON aerie.delivery (job_id);
CREATE INDEX IF NOT EXISTS delivery_pending_idx ON aerie.delivery (id) WHERE status = 'pending';
END $$`;

/** Jobs that were not there; those whose key is taken are left out of the answer. */
export const INSERT_SQL = `
INSERT INTO aerie.job (id, task, status, head, input, idempotency_key, expires_at, batch_id, batch_index)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::integer[])
ON CONFLICT DO NOTHING
RETURNING id`;

/** Changes heads whose version is as expected, with deliveries, and announces them. */
export const CHANGE_SQL = `
WITH wanted AS (
  SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[])
    AS w (id, version, status, head, result, remove_at, delivery_id, delivery)
), changed AS (
  UPDATE aerie.job j
     SET version = j.version + 1, status = w.status, head = w.head,
         result = coalesce(w.result, j.result), remove_at = coalesce(w.remove_at, j.remove_at)
    FROM wanted w
   WHERE j.id = w.id AND j.version = w.version
  RETURNING j.id
), sent AS (
  INSERT INTO aerie.delivery (id, job_id, status, body)
  SELECT w.delivery_id, w.id, 'pending', w.delivery FROM wanted w JOIN changed c ON c.id = w.id
   WHERE w.delivery_id IS NOT NULL
  ON CONFLICT DO NOTHING
)
SELECT id FROM changed
UNION ALL
SELECT pg_notify('${CHANGES_CHANNEL}', (SELECT string_agg(id, ',') FROM changed))::text WHERE EXISTS (SELECT 1 FROM changed)`;
