import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('conversations', '0018_replies_pending'),
        ('desk', '0004_moved_to_casework'),
        ('people', '0004_opened'),
    ]

    # The tables are there already, made by desk and conversations.
    operations = [migrations.SeparateDatabaseAndState(state_operations=[
        migrations.CreateModel(
            name='ApprovalRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('visibility', models.CharField(blank=True, choices=[('public', 'Offentlig'), ('private', 'Privat')], max_length=7)),
                ('network', models.CharField(blank=True, max_length=20)),
                ('tag', models.SlugField(blank=True, max_length=40)),
                ('active', models.BooleanField(default=True)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.municipality')),
                ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.unit')),
            ],
            options={
                'db_table': 'conversations_approvalterm',
                'ordering': ['name'],
            },
        ),
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
            name='PendingReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Sendes straks'), ('approval', 'Venter på godkjenning'), ('sent', 'Sendt'), ('regretted', 'Angret'), ('refused', 'Sendt tilbake')], max_length=10)),
                ('body', models.TextField()),
                ('visibility', models.CharField(choices=[('public', 'Offentlig'), ('private', 'Privat')], max_length=7)),
                ('public_note', models.TextField(blank=True, help_text='Said in public when the reply itself goes on in private.')),
                ('let_through', models.JSONField(default=list, help_text='Codes of what the guard found and the writer let stand.')),
                ('close', models.BooleanField(default=False)),
                ('preliminary', models.BooleanField(default=False)),
                ('files', models.JSONField(default=list)),
                ('addressed', models.CharField(blank=True, db_default='', help_text='Who was to get it when it was written, as a mark.', max_length=40)),
                ('agreed', models.BooleanField(db_default=False, default=False, help_text='The writer said yes to a recipient who is not the usual one.')),
                ('also_to', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=320), blank=True, db_default=[], default=list, size=None)),
                ('created_at', models.DateTimeField()),
                ('release_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('approval_rule', models.ForeignKey(blank=True, db_column='term_id', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pending_replies', to='casework.approvalrule')),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pending_replies', to='conversations.conversation')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.staff')),
                ('message', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pending_reply', to='conversations.message')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pending_replies', to='people.staff')),
            ],
            options={
                'verbose_name_plural': 'pending replies',
                'db_table': 'conversations_held',
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['release_at'], name='held_due'), models.Index(condition=models.Q(('state', 'approval')), fields=['conversation'], name='held_wait')],
                'constraints': [models.CheckConstraint(condition=models.Q(('public_note', ''), ('visibility', 'private'), _connector='OR'), name='held_public_note_beside_private'), models.CheckConstraint(condition=models.Q(('approval_rule', None), models.Q(('state', 'sent'), _negated=True), models.Q(('decided_by', models.F('staff')), _negated=True), _connector='OR'), name='held_author_is_not_approver'), models.CheckConstraint(condition=models.Q(('approval_rule', None), models.Q(('state', 'sent'), _negated=True), ('decided_by__isnull', False), _connector='OR'), name='held_approved_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'waiting'), _negated=True), ('release_at__isnull', False), _connector='OR'), name='held_release')],
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
    ])]
