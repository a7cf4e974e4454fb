from django.db import migrations

# In this order: who points at another goes first.
MODELS = (
    "RuleRun",
    "Rule",
    "RuleCursor",
    "Batch",
    "CannedReply",
    "Dealing",
    "Draft",
    "Handover",
    "Macro",
    "Preference",
    "Presence",
    "SavedView",
)


class Migration(migrations.Migration):
    dependencies = [("desk", "0003_working")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name=name) for name in MODELS]
        )
    ]
