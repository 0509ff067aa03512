"""A mailbox for one machine: takes every mail over SMTP, keeps it, and shows it on a page.

Run it with `python -m local.sink`; SINK_SMTP_PORT, SINK_HTTP_PORT and SINK_DATA_DIR say where. Some recipients are
refused on purpose, so that a mailer's retries and bounces can be seen; `refusals.py` says which.
"""
