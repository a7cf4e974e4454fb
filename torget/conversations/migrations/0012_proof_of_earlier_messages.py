"""What proved who spoke before it was kept with each message: what the channel tells, else that we do not know."""

from django.db import migrations

FORWARD = """
UPDATE conversations_message m SET proof = CASE a.network
  WHEN 'activitypub' THEN 'signature'
  WHEN 'sms' THEN 'none' WHEN 'rss' THEN 'none'
  WHEN 'email' THEN 'unknown' WHEN 'form' THEN 'unknown' WHEN 'chat' THEN 'unknown'
  ELSE 'network' END
FROM channels_account a WHERE a.id = m.account_id AND m.kind = 'inbound'
"""


class Migration(migrations.Migration):
    """Fills in the new column of what was said already."""

    dependencies = [("conversations", "0011_who_proved_what")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
