"""An announcement says which conversation it concerns, so that open desks fetch again only what changed."""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION history_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('torget', json_build_object(
    'm', NEW.municipality_id, 'v', NEW.verb, 't', NEW.subject_type, 's', NEW.subject_id,
    'c', CASE WHEN NEW.subject_type = 'conversations.conversation' THEN NEW.subject_id
         ELSE (NEW.data->>'conversation')::bigint END)::text);
  RETURN NULL;
END $$;
"""
BACK = """
CREATE OR REPLACE FUNCTION history_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('torget', json_build_object(
    'm', NEW.municipality_id, 'v', NEW.verb, 't', NEW.subject_type, 's', NEW.subject_id)::text);
  RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    """The announcing function of the history table."""

    dependencies = [("history", "0003_helped")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
