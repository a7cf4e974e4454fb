"""SMS in and out, through a provider's HTTP interface or SMPP 3.4."""

from __future__ import annotations

from torget.adapters.sms.adapter import SmsAdapter

adapter = SmsAdapter()
