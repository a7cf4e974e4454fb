"""What makes one of two is called a merge, of conversations and of persons; the tables keep their names."""

from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    dependencies = [("conversations", "0019_rereading")]
    operations = [
        migrations.AlterModelTable("joining", "conversations_joining"),
        migrations.RenameModel("Joining", "ConversationMerge"),
        migrations.AlterField(
            "conversationmerge",
            "kept",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges",
                to="conversations.conversation",
            ),
        ),
        migrations.AlterModelTable("merge", "conversations_merge"),
        migrations.RenameModel("Merge", "PersonMerge"),
    ]
