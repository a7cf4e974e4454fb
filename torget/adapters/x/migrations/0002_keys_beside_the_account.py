"""The tokens X renewed go among the account's own secrets, where those of all networks are kept."""

import hashlib

from django.db import migrations

from torget.channels.secrets import seal, unseal
from torget.errors import Refused


def carry_over(apps, schema_editor):
    account_model = apps.get_model("channels", "Account")
    for key in apps.get_model("x", "Key").objects.all():
        account = account_model.objects.filter(pk=key.account_number, network="x").first()
        if account is None:
            continue
        try:
            secrets, kept = unseal(bytes(account.secrets)), unseal(bytes(key.sealed))
        except Refused:  # sealed with another installation's key: it must be connected again
            continue
        digest = hashlib.sha256(secrets.get("refresh_token", "").encode())
        if digest.hexdigest() != key.connected_with:
            continue  # the account was connected anew since
        ends = {"token_ends": str(int(key.ends_at.timestamp()))}
        account.secrets = seal({**secrets, **kept, **ends})
        account.save(update_fields=["secrets"])


class Migration(migrations.Migration):
    dependencies = [("x", "0001_initial"), ("channels", "0004_fault")]
    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.DeleteModel("Key"),
    ]
