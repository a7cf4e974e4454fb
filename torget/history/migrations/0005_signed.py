"""Seals are signed, rows are stamped with the database's own time, and sealing needs no rights on the tables."""

from django.db import migrations, models
from django.db.models.functions import Now

FORWARD = """
CREATE FUNCTION history_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.written_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER history_entry_stamp BEFORE INSERT ON history_entry
  FOR EACH ROW EXECUTE FUNCTION history_stamp();

CREATE FUNCTION history_lock() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  LOCK TABLE history_seal IN EXCLUSIVE MODE;
  LOCK TABLE history_entry IN SHARE MODE;
END $$;
"""

BACK = """
DROP FUNCTION history_lock();
DROP TRIGGER history_entry_stamp ON history_entry;
DROP FUNCTION history_stamp();
"""


class Migration(migrations.Migration):
    """What is there already stays as it is: unstamped and unsigned."""

    dependencies = [("history", "0004_announce_conversation")]
    operations = [
        migrations.AddField("entry", "written_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "entry", "written_at", models.DateTimeField(null=True, db_default=Now())
        ),
        migrations.AddField("seal", "signature", models.BinaryField(default=b"")),
        migrations.RunSQL(FORWARD, BACK),
    ]
