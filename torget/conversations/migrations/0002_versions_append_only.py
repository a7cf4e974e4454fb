"""Earlier words of a message are never changed nor taken away."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER version_append_only BEFORE UPDATE OR DELETE ON conversations_version
  FOR EACH STATEMENT EXECUTE FUNCTION history_refuse();
CREATE TRIGGER version_no_truncate BEFORE TRUNCATE ON conversations_version
  FOR EACH STATEMENT EXECUTE FUNCTION history_refuse();
"""
BACK = """
DROP TRIGGER version_no_truncate ON conversations_version;
DROP TRIGGER version_append_only ON conversations_version;
"""


class Migration(migrations.Migration):
    """Trigger of the versions table."""

    dependencies = [("conversations", "0001_first"), ("history", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
