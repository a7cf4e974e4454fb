"""Visitors named with the permanent secret are named anew with a random one that is kept nowhere."""

from django.db import migrations

FORWARD = """
UPDATE answers_rating SET visitor = encode(sha256(convert_to(visitor || one.random, 'UTF8')), 'hex')
FROM (SELECT gen_random_uuid()::text || gen_random_uuid()::text AS random) one;
"""


class Migration(migrations.Migration):
    """Once each stays once each; who it was cannot be reckoned any more."""

    dependencies = [("answers", "0003_meaning"), ("people", "0003_day_key")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
