"""What our own PostgreSQL server is told at every start."""

from __future__ import annotations

SETTINGS = """\
# Written by torget at every start. Your own settings go into local.conf beside this file.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = {connections}
password_encryption = 'scram-sha-256'
shared_buffers = {buffers}
max_wal_size = 512MB
random_page_cost = 1.1
jit = off
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_destination = 'stderr'
log_line_prefix = '%m [%p] '
# What residents write must not end up in a log: neither failing statements nor the values in their details.
log_min_messages = warning
log_min_error_statement = panic
log_error_verbosity = terse
include_if_exists = 'local.conf'
"""
# An open square holds 25 connections and up to ten more for each web process; a test run opens several squares.
DURABLE = {"durable": "on", "buffers": "128MB", "connections": 200}
FORGETFUL = {"durable": "off", "buffers": "64MB", "connections": 400}
ACCESS = "# Written by torget. The superuser has no password and cannot sign in.\nlocal all all scram-sha-256\n"
