"""A key of the day, in no backup and no log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One small unlogged table."""

    dependencies = [("people", "0002_limits")]
    operations = [
        migrations.CreateModel(
            name="DayKey",
            fields=[
                ("on", models.DateField(primary_key=True, serialize=False)),
                ("key", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE people_daykey SET UNLOGGED", "ALTER TABLE people_daykey SET LOGGED"
        ),
    ]
