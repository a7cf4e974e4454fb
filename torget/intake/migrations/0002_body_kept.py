"""The body of an envelope is never changed; only its hash may take its place, when its time is over and it was seen to."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION envelope_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sha256 = OLD.sha256 AND NEW.size = OLD.size AND NEW.body = OLD.sha256
     AND OLD.state IN ('filed', 'noted', 'discarded') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the body of an envelope is never changed' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER envelope_body_kept BEFORE UPDATE OF body, sha256, size ON intake_envelope
  FOR EACH ROW WHEN (NEW.body IS DISTINCT FROM OLD.body OR NEW.sha256 IS DISTINCT FROM OLD.sha256
                     OR NEW.size IS DISTINCT FROM OLD.size) EXECUTE FUNCTION envelope_keep();
"""

BACK = """
DROP TRIGGER envelope_body_kept ON intake_envelope;
DROP FUNCTION envelope_keep();
"""


class Migration(migrations.Migration):
    """One trigger."""

    dependencies = [("intake", "0001_first")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
