"""How far what an account has was looked at again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0018_replies_pending"), ("channels", "0004_fault")]
    operations = [
        migrations.CreateModel(
            name="Rereading",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=models.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="channels.account",
                    ),
                ),
                ("after", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
