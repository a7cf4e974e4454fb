"""Servers that were given up are remembered by the act when their deliveries are forgotten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activitypub", "0007_names")]
    operations = [
        migrations.AddField(
            "act",
            "lost",
            models.JSONField(
                default=list,
                db_default=[],
                help_text="Hosts that were given up, whose deliveries are forgotten.",
            ),
        ),
    ]
