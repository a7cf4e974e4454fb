"""The database itself refuses to change history, and announces each new row."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION history_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'history is append-only: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER history_entry_append_only BEFORE UPDATE OR DELETE ON history_entry
  FOR EACH STATEMENT EXECUTE FUNCTION history_refuse();
CREATE TRIGGER history_seal_append_only BEFORE UPDATE OR DELETE ON history_seal
  FOR EACH STATEMENT EXECUTE FUNCTION history_refuse();
CREATE TRIGGER history_entry_no_truncate BEFORE TRUNCATE ON history_entry
  FOR EACH STATEMENT EXECUTE FUNCTION history_refuse();
CREATE TRIGGER history_seal_no_truncate BEFORE TRUNCATE ON history_seal
  FOR EACH STATEMENT EXECUTE FUNCTION history_refuse();

CREATE FUNCTION history_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('torget', json_build_object(
    'm', NEW.municipality_id, 'v', NEW.verb, 't', NEW.subject_type, 's', NEW.subject_id)::text);
  RETURN NULL;
END $$;

CREATE TRIGGER history_entry_announce AFTER INSERT ON history_entry
  FOR EACH ROW EXECUTE FUNCTION history_announce();
"""

BACK = """
DROP TRIGGER history_entry_announce ON history_entry;
DROP FUNCTION history_announce();
DROP TRIGGER history_seal_no_truncate ON history_seal;
DROP TRIGGER history_entry_no_truncate ON history_entry;
DROP TRIGGER history_seal_append_only ON history_seal;
DROP TRIGGER history_entry_append_only ON history_entry;
DROP FUNCTION history_refuse();
"""


class Migration(migrations.Migration):
    """Triggers of the history tables."""

    dependencies = [("history", "0001_first")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
