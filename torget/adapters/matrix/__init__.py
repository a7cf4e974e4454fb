"""Matrix: an account in rooms on a homeserver, over the client-server interface."""

from __future__ import annotations

from torget.adapters.matrix.adapter import MatrixAdapter

adapter = MatrixAdapter()
