"""`Gone` is called a tombstone; its table keeps its name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("conversations", "0015_remarks")]
    operations = [
        migrations.AlterModelTable("gone", "conversations_gone"),
        migrations.RenameModel("Gone", "Tombstone"),
        migrations.AlterModelOptions("tombstone", {}),
    ]
