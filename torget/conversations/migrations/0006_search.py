"""Searching newest first, however common the words: text and place (municipality and week) in one index."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models

# The week is counted from 1970 in whole weeks; 10,000 of them are 190 years.
FORWARD = """
CREATE FUNCTION conversations_place(municipality bigint, at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT municipality * 10000 + floor(extract(epoch FROM at) / 604800)::bigint
$$;

CREATE FUNCTION conversations_place_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.place := conversations_place(NEW.municipality_id, NEW.opened_at);
  RETURN NEW;
END $$;
CREATE TRIGGER conversation_place BEFORE INSERT OR UPDATE OF opened_at, place ON conversations_conversation
  FOR EACH ROW EXECUTE FUNCTION conversations_place_conversation();

CREATE FUNCTION conversations_place_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT conversations_place(c.municipality_id, NEW.created_at) INTO NEW.place
  FROM conversations_conversation c WHERE c.id = NEW.conversation_id;
  RETURN NEW;
END $$;
CREATE TRIGGER message_place BEFORE INSERT OR UPDATE OF conversation_id, created_at, place ON conversations_message
  FOR EACH ROW EXECUTE FUNCTION conversations_place_message();

UPDATE conversations_conversation SET place = 0;
UPDATE conversations_message SET place = 0;
"""
BACK = """
DROP TRIGGER message_place ON conversations_message;
DROP FUNCTION conversations_place_message();
DROP TRIGGER conversation_place ON conversations_conversation;
DROP FUNCTION conversations_place_conversation();
DROP FUNCTION conversations_place(bigint, timestamptz);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0001_first'),
        ('conversations', '0005_working'),
        ('intake', '0001_first'),
        ('people', '0001_first'),
    ]

    operations = [
        BtreeGinExtension(),
        migrations.CreateModel(
            name='Word',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=30)),
                ('seen', models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name='WordsRead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_message_id', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'words read',
            },
        ),
        migrations.RemoveIndex(
            model_name='message',
            name='message_search',
        ),
        migrations.AddField(
            model_name='conversation',
            name='place',
            field=models.BigIntegerField(default=0, editable=False, help_text='Municipality and week; kept by a trigger.'),
        ),
        migrations.AddField(
            model_name='conversation',
            name='search',
            field=models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector('subject', config='norwegian'), '||', django.contrib.postgres.search.SearchVector('person_name', 'ref', config='simple'), django.contrib.postgres.search.SearchConfig('norwegian')), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
        migrations.AddField(
            model_name='message',
            name='place',
            field=models.BigIntegerField(default=0, editable=False, help_text='Municipality and week; kept by a trigger.'),
        ),
        migrations.RunSQL(FORWARD, BACK),
        migrations.AddIndex(
            model_name='conversation',
            index=django.contrib.postgres.indexes.GinIndex(fields=['place', 'search'], name='conversation_search'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(fields=['municipality', '-last_message_at', '-id'], name='conversation_newest'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=django.contrib.postgres.indexes.GinIndex(fields=['place', 'search'], name='message_search'),
        ),
        migrations.AddField(
            model_name='word',
            name='municipality',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.municipality'),
        ),
        migrations.AddIndex(
            model_name='word',
            index=django.contrib.postgres.indexes.GinIndex(fields=['word'], name='word_trigrams', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddConstraint(
            model_name='word',
            constraint=models.UniqueConstraint(fields=('municipality', 'word'), name='word_once'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(fields=['municipality', 'name'], name='person_name'),
        ),
    ]
