"""Counting how often answers made a question unnecessary, without reading all of history."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """One small partial index."""

    dependencies = [("history", "0002_append_only")]
    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                fields=["municipality_id", "at"],
                condition=Q(verb="answer.helped"),
                name="history_helped",
            ),
        )
    ]
