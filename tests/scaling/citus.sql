-- What `flask oms distribute` asks of Citus, for a PostgreSQL without it: notes the calls, and refuses what Citus refuses.
CREATE TABLE citus_calls (
    position int GENERATED ALWAYS AS IDENTITY, table_name regclass, distribution_column text, colocate_with text,
    shard_count int
);
CREATE VIEW citus_tables AS SELECT table_name FROM citus_calls;

CREATE FUNCTION refuse_what_citus_refuses(wanted regclass, wanted_column text) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    IF EXISTS (SELECT 1 FROM citus_calls AS call WHERE call.table_name = wanted) THEN
        RAISE EXCEPTION 'table % is already distributed', wanted;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND wanted IN (conrelid, confrelid)) THEN
        RAISE EXCEPTION 'table % has foreign keys', wanted;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = wanted AND NOT tgisinternal) THEN
        RAISE EXCEPTION 'triggers are not supported on distributed table %', wanted;
    END IF;
    IF wanted_column IS NOT NULL AND EXISTS (
        SELECT 1 FROM pg_index WHERE indrelid = wanted AND indisunique AND NOT EXISTS (
            SELECT 1 FROM pg_attribute
            WHERE attrelid = wanted AND attname = wanted_column AND attnum = ANY(indkey))) THEN
        RAISE EXCEPTION 'cannot create constraint on % without the distribution column', wanted;
    END IF;
END $$;

CREATE FUNCTION create_distributed_table(
    table_name regclass, distribution_column text, distribution_type text DEFAULT 'hash',
    colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    PERFORM refuse_what_citus_refuses(table_name, distribution_column);
    IF shard_count IS NOT NULL AND colocate_with NOT IN ('default', 'none') THEN
        RAISE EXCEPTION 'Cannot use colocate_with with a table and shard_count at the same time';
    END IF;
    IF colocate_with NOT IN ('default', 'none') AND NOT EXISTS (
        SELECT 1 FROM citus_calls WHERE citus_calls.table_name = CAST(colocate_with AS regclass)) THEN
        RAISE EXCEPTION 'relation % is not distributed', colocate_with;
    END IF;
    INSERT INTO citus_calls (table_name, distribution_column, colocate_with, shard_count)
    VALUES (table_name, distribution_column, colocate_with, shard_count);
END $$;

CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    PERFORM refuse_what_citus_refuses(table_name, NULL);
    INSERT INTO citus_calls (table_name) VALUES (table_name);
END $$;
