"""Every metric of Leak, once. No label comes from a request; none holds an address or an id of a leak."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60)

# The life of a record, per topic.
HANDLED = Counter("leak_records_handled", "Records handled, repeats included", ["topic"])
FAILED = Counter("leak_records_failed", "Attempts that failed, by whether another one follows", ["topic", "kind"])
RETRIED = Counter("leak_records_retried", "Attempts after the first", ["topic"])
DEAD = Counter("leak_records_dead", "Records given up and kept as dead letters", ["topic"])
HANDLE_SECONDS = Histogram("leak_handle_seconds", "Time to handle one batch", ["topic"], buckets=SECONDS)
LAG = Gauge("leak_lag_records", "Records of this replica's partitions not yet handled", ["topic"])
PUBLISHED = Counter("leak_records_published", "Records made durable in Kafka", ["topic"])

# The life of a service.
READY = Gauge("leak_ready", "1 when every dependency is there")
JOB_FAILED = Counter("leak_job_failed", "Times that a periodic job failed", ["job"])
OUTBOX_SWEPT = Counter("leak_outbox_swept", "Decisions that the sweeper published after a crash")

# Listeners. Causes: full, network_full; head_too_large, head_too_slow, body_too_slow, trailer_too_large, pipelined;
# idle (nothing was asked), answer_unread.
CONNECTIONS_REFUSED = Counter("leak_connections_refused", "Connections refused, or ended by us, by cause", ["cause"])

# The gateway's door.
ACCEPTED = Counter("leak_accepted", "Leaks accepted: origin and leak durable")
NOT_ACCEPTED = Counter("leak_not_accepted", "Leaks not accepted because Kafka was away or slow")
LIMITED = Counter("leak_limited", "Requests refused because their origin asks too often")

# The verifier's eye on senders.
DISPOSABLE_SENDERS = Counter("leak_disposable_senders", "Submitted leaks whose sender uses a disposable domain")

# What moderation decides, and what waits for a person.
DECIDED = Counter("leak_decided", "Decisions on leaks, by outcome and by whom: rules or person", ["outcome", "by"])
CASES_WAITING = Gauge("leak_cases_waiting", "Held leaks that wait for a moderator")
CASES_OLDEST_SECONDS = Gauge("leak_cases_oldest_seconds", "How long the oldest held leak has waited; 0 when none does")

# What audit answers for.
WITHOUT_ORIGIN = Gauge("leak_delivered_without_origin", "Delivered leaks whose origin is missing; not 0 is an alarm")
LOG_WHOLE = Gauge("leak_audit_log_whole", "1 when the last check of the whole log found nothing wrong")
LOG_ENTRIES = Gauge("leak_audit_log_entries", "Entries that the last check of the log read")
ORIGINS_OPENED = Counter("leak_origins_opened", "Sealed origins opened under an order")
ATTEMPTS_REFUSED = Counter("leak_audit_attempts_refused", "Steps of auditors that the rules refused")
ORDERS_OVERDUE = Gauge("leak_orders_overdue", "Orders past their deadline that have not ended")
EXPIRED = Counter("leak_audit_expired", "Documents of audit deleted because their time had come")

STRANGE_TOKENS = Counter("leak_strange_tokens", "Used tokens that this service never made", ["what"])

# Mails.
MAILS = Counter("leak_mails", "Mails that are done with, by role and how they ended", ["role", "outcome"])
MAILS_DEFERRED = Counter("leak_mails_deferred", "Attempts after which a mail waits for another one")
MAILS_UNKNOWN = Counter("leak_mails_unknown", "Attempts whose end nobody knows; each may have delivered, or repeat")
MAILS_UNREADABLE = Counter("leak_mails_unreadable", "Attempts at a mail whose seal does not open; it is kept")
BLOCK_TOKENS_STRANGE = Counter("leak_block_tokens_strange", "Used block tokens that we never made; they block nobody")
MAIL_RELAY_UP = Gauge("leak_mail_relay_up", "1 when the last connection to the mail relay succeeded")
