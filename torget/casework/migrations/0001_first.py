import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # Made by the desk, before case work was a room of its own: where that is done, this is done too.
    replaces = [
        ('desk', '0001_first'),
        ('desk', '0002_writing'),
        ('desk', '0003_working'),
    ]

    dependencies = [
        ('conversations', '0003_handling'),
        ('people', '0001_first'),
    ]

    operations = [
        migrations.CreateModel(
            name='AssignmentPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('active', models.BooleanField(default=False)),
                ('most_open', models.PositiveSmallIntegerField(default=20)),
                ('last_staff', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='people.staff')),
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='assignment_policy', to='people.unit')),
            ],
            options={
                'db_table': 'desk_dealing',
            },
        ),
        migrations.CreateModel(
            name='AutomationCursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_entry_id', models.BigIntegerField(default=0)),
                ('municipality', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='people.municipality')),
            ],
            options={
                'db_table': 'desk_rulecursor',
            },
        ),
        migrations.CreateModel(
            name='AutomationRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('event', models.CharField(max_length=40)),
                ('conditions', models.JSONField(default=list)),
                ('actions', models.JSONField(default=list)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('last', models.BooleanField(default=False, help_text='No later rule runs when this one did.')),
                ('active', models.BooleanField(default=False)),
                ('from_entry_id', models.BigIntegerField(default=0, help_text='It answers only to rows of history after this one.')),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.staff')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.municipality')),
            ],
            options={
                'db_table': 'desk_rule',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='BulkAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(max_length=20)),
                ('before', models.JSONField(default=list)),
                ('after', models.JSONField(default=list)),
                ('done_at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.staff')),
            ],
            options={
                'verbose_name_plural': 'batches',
                'db_table': 'desk_batch',
            },
        ),
        migrations.CreateModel(
            name='Macro',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('actions', models.JSONField(default=list)),
                ('active', models.BooleanField(default=True)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.municipality')),
                ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.unit')),
            ],
            options={
                'db_table': 'desk_macro',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shortcuts', models.BooleanField(default=False)),
                ('undo_seconds', models.PositiveSmallIntegerField(default=10)),
                ('most_open', models.PositiveSmallIntegerField(default=0, help_text='Open conversations at most, when they are dealt out. 0: no limit.')),
                ('staff', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='preference', to='people.staff')),
            ],
            options={
                'db_table': 'desk_preference',
            },
        ),
        migrations.CreateModel(
            name='AutomationRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry_id', models.BigIntegerField(help_text='The row of history it answered to.')),
                ('ran_at', models.DateTimeField()),
                ('fault', models.CharField(blank=True, max_length=300)),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.conversation')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='casework.automationrule')),
            ],
            options={
                'db_table': 'desk_rulerun',
                'constraints': [models.UniqueConstraint(fields=('rule', 'entry_id'), name='rulerun_once')],
            },
        ),
        migrations.CreateModel(
            name='CannedReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shortcut', models.SlugField(max_length=40)),
                ('name', models.CharField(max_length=120)),
                ('body_nb', models.TextField()),
                ('body_nn', models.TextField(blank=True)),
                ('body_en', models.TextField(blank=True)),
                ('used', models.PositiveIntegerField(default=0)),
                ('active', models.BooleanField(default=True)),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector('name', config='norwegian', weight='A'), '||', django.contrib.postgres.search.SearchVector('body_nb', 'body_nn', config='norwegian', weight='B'), django.contrib.postgres.search.SearchConfig('norwegian')), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.municipality')),
                ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.unit')),
            ],
            options={
                'verbose_name_plural': 'canned replies',
                'db_table': 'desk_cannedreply',
                'ordering': ['name'],
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['search'], name='canned_search')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('active', True)), fields=('municipality', 'shortcut'), name='canned_shortcut_once')],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('answer', 'Svar'), ('note', 'Internt notat')], max_length=6)),
                ('body', models.TextField()),
                ('files', models.JSONField(default=list)),
                ('choices', models.JSONField(default=dict, help_text='What was chosen beside the text: visibility, close and so on.')),
                ('updated_at', models.DateTimeField()),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='conversations.conversation')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.staff')),
            ],
            options={
                'db_table': 'desk_draft',
                'constraints': [models.UniqueConstraint(fields=('conversation', 'staff', 'kind'), name='draft_once')],
            },
        ),
        migrations.CreateModel(
            name='Handover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('note', models.TextField(blank=True)),
                ('conversation_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('handed_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('from_staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.staff')),
                ('to_staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='handovers', to='people.staff')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.unit')),
            ],
            options={
                'db_table': 'desk_handover',
                'indexes': [models.Index(condition=models.Q(('seen_at', None)), fields=['to_staff'], name='handover_unseen')],
                'constraints': [models.CheckConstraint(condition=models.Q(('from_staff', models.F('to_staff')), _negated=True), name='handover_to_another')],
            },
        ),
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_at', models.DateTimeField()),
                ('writing_at', models.DateTimeField(blank=True, null=True)),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='presences', to='conversations.conversation')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.staff')),
            ],
            options={
                'db_table': 'desk_presence',
                'constraints': [models.UniqueConstraint(fields=('conversation', 'staff'), name='presence_once')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(help_text='As in the address: vis=free&enhet=skole', max_length=500)),
                ('created_at', models.DateTimeField()),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.municipality')),
                ('staff', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='people.staff')),
                ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='people.unit')),
            ],
            options={
                'db_table': 'desk_savedview',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('staff__isnull', False), ('unit', None)), models.Q(('staff', None), ('unit__isnull', False)), _connector='OR'), name='savedview_one_owner')],
            },
        ),
    ]
