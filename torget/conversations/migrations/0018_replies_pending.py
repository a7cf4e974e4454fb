from django.db import migrations, models

# Pending replies and approval rules belong to casework from here; their tables stay as they are.
MOVED = migrations.SeparateDatabaseAndState(
    state_operations=[
        migrations.DeleteModel(name="Held"),
        migrations.DeleteModel(name="ApprovalTerm"),
    ]
)

COUNT = """
UPDATE conversations_conversation AS c SET replies_pending = h.many
FROM (
    SELECT conversation_id, count(*) AS many FROM conversations_held
    WHERE state IN ('waiting', 'approval') GROUP BY conversation_id
) AS h
WHERE h.conversation_id = c.id
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0017_kinds_and_authors")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="replies_pending",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="Replies written and not sent; while there are any, it is neither moved nor merged.",
            ),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        MOVED,
    ]
