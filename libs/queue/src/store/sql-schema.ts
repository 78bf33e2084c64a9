/** Channel on which changed jobs are announced. */
export const SQL_CHANGES_CHANNEL = 'aerie_jobs';

/** Runs as one transaction under a lock, because processes start together. */
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
  idempotency_key text,
  expires_at bigint,
  remove_at bigint,
  batch_id text,
  batch_index integer
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX IF NOT EXISTS job_key_idx ON aerie.job (idempotency_key) WHERE idempotency_key IS NOT NULL;
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
-- A function keeps its plans: planning is most of the work of a small change.
CREATE OR REPLACE FUNCTION aerie.change_jobs(
  ids text[], versions integer[], statuses text[], heads text[], results text[], removals bigint[],
  delivery_ids text[], deliveries text[]
) RETURNS SETOF text LANGUAGE plpgsql AS $change$
DECLARE
  changed text[] := '{}';
BEGIN
  FOR i IN 1 .. cardinality(ids) LOOP
    UPDATE aerie.job j
       SET version = j.version + 1, status = statuses[i], head = heads[i],
           result = coalesce(results[i], j.result), remove_at = coalesce(removals[i], j.remove_at)
     WHERE j.id = ids[i] AND j.version = versions[i];
    CONTINUE WHEN NOT FOUND;
    changed := changed || ids[i];
    IF delivery_ids[i] IS NOT NULL THEN
      INSERT INTO aerie.delivery (id, job_id, status, body)
      VALUES (delivery_ids[i], ids[i], 'pending', deliveries[i])
      ON CONFLICT DO NOTHING;
    END IF;
  END LOOP;
  IF cardinality(changed) > 0 THEN
    PERFORM pg_notify('${SQL_CHANGES_CHANNEL}', array_to_string(changed, ','));
  END IF;
  RETURN QUERY SELECT unnest(changed);
END $change$;
END $$`;

/** Inserts new jobs and returns their ids. Jobs whose id or key exists are omitted. */
export const INSERT_SQL = `
INSERT INTO aerie.job (id, task, status, head, input, idempotency_key, expires_at, batch_id, batch_index)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::integer[])
ON CONFLICT DO NOTHING
RETURNING id`;

/** Changes heads of the expected version, stores their deliveries and announces them. Returns the changed ids. */
export const CHANGE_SQL = 'SELECT aerie.change_jobs($1, $2, $3, $4, $5, $6, $7, $8) AS id';
