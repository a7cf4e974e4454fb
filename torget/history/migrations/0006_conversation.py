"""The conversation an entry is about, by the database itself out of what is sealed; and what nobody else reads is announced as such."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

FORWARD = """
CREATE OR REPLACE FUNCTION history_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('torget', json_build_object(
    'm', NEW.municipality_id, 'v', NEW.verb, 't', NEW.subject_type, 's', NEW.subject_id,
    'c', NEW.conversation_id, 'p', NEW.data->'private')::text);
  RETURN NULL;
END $$;
"""
BACK = """
CREATE OR REPLACE FUNCTION history_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('torget', json_build_object(
    'm', NEW.municipality_id, 'v', NEW.verb, 't', NEW.subject_type, 's', NEW.subject_id,
    'c', CASE WHEN NEW.subject_type = 'conversations.conversation' THEN NEW.subject_id
         ELSE (NEW.data->>'conversation')::bigint END)::text);
  RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    """A generated column needs no UPDATE, which the table refuses, and changes nothing that is hashed."""

    dependencies = [("history", "0005_signed")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="conversation_id",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(
                        subject_type="conversations.conversation", then=models.F("subject_id")
                    ),
                    default=Cast(
                        KeyTextTransform("conversation", "data"), models.BigIntegerField()
                    ),
                ),
                output_field=models.BigIntegerField(null=True),
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(conversation_id__isnull=False),
                fields=["conversation_id", "id"],
                name="history_conversation",
            ),
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
