import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('activitypub', '0005_failing_since'),
        ('channels', '0004_fault'),
    ]

    operations = [
        migrations.DeleteModel(
            name='KeySeen',
        ),
        migrations.CreateModel(
            name='OldCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='The address of the key in force then.', max_length=500)),
                ('host', models.CharField(max_length=255)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels.account')),
            ],
            options={
                'verbose_name_plural': 'old copies',
                'constraints': [models.UniqueConstraint(fields=('account', 'key', 'host'), name='old_copy_once')],
            },
        ),
    ]
