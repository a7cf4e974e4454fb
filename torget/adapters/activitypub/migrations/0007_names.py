"""`Thing` is called an object and `Parcel` an inbox delivery; tables and columns keep their names."""

from django.db import migrations, models


def foreign_key(related_name, *, null=False):
    return models.ForeignKey(
        "activitypub.apobject",
        models.PROTECT,
        null=null,
        related_name=related_name,
        db_column="thing_id",
    )


def constraints(field):
    return [
        models.UniqueConstraint(fields=[field, "kind", "uri", "actor"], name="response_once"),
        models.UniqueConstraint(
            fields=[field, "kind", "actor"],
            condition=models.Q(kind__in=["like", "share"]),
            name="response_one_an_actor",
        ),
        models.UniqueConstraint(
            fields=[field, "actor", "option"],
            condition=models.Q(kind="vote"),
            name="response_one_vote_an_option",
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("activitypub", "0006_old_copies")]
    operations = [
        migrations.AlterModelTable("thing", "activitypub_thing"),
        migrations.RenameModel("Thing", "APObject"),
        migrations.AlterModelTable("parcel", "activitypub_parcel"),
        migrations.RenameModel("Parcel", "InboxDelivery"),
        migrations.AlterModelOptions("apobject", {"verbose_name": "object"}),
        migrations.AlterModelOptions(
            "inboxdelivery", {"verbose_name_plural": "inbox deliveries"}
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                *(migrations.RemoveConstraint("response", c.name) for c in constraints("thing")),
                migrations.RenameField("response", "thing", "ap_object"),
                migrations.AlterField("response", "ap_object", foreign_key("responses")),
                *(migrations.AddConstraint("response", c) for c in constraints("ap_object")),
                migrations.RenameField("act", "thing", "ap_object"),
                migrations.AlterField(
                    "act",
                    "follows_up",
                    models.BooleanField(
                        default=False,
                        help_text="It is about what an earlier act did, and must not come before it.",
                    ),
                ),
                migrations.AlterField("act", "ap_object", foreign_key("acts", null=True)),
                migrations.AlterField(
                    "inboxdelivery",
                    "act",
                    models.ForeignKey(
                        "activitypub.act",
                        models.CASCADE,
                        related_name="deliveries",
                        db_index=False,
                    ),
                ),
            ]
        ),
    ]
