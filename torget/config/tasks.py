"""The jobs by the clock that the rooms name in their manifests, given to the queue."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from torget import rooms
from torget.rooms import Job


def schedule(job: Job) -> None:
    """Let the queue do a job by its clock; one that has not begun is not queued again."""

    @app.periodic(cron=job.cron)
    @app.task(name=job.name, queueing_lock=job.name, pass_context=False)
    def run(timestamp: int) -> None:
        rooms.load(job.run)(at=timezone.now())


for entry in rooms.gather("jobs"):
    schedule(entry)
