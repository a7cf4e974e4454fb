import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0001_first'),
        ('conversations', '0018_replies_pending'),
        ('people', '0001_first'),
    ]

    # The tables are there already, made by conversations.
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
    ])]
