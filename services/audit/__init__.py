"""The only opener of origins.

Owns: the sealed origins, the orders, and their log.
Reads: origin.captured.v1, leak.confirmed.v1, leak.expired.v1, leak.withdrawn.v1, leak.decided.v1, leak.delivered.v1,
    leak.bounced.v1, leak.suppressed.v1, leak.stopped.v1, threat.escalated.v1
Publishes: nothing
"""
