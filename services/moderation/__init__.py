"""Approves, holds or rejects leaks, and is where moderators work.

Owns: the first outcome of each leak, the cases that a person may look at, reports, moderators' accounts.
Reads: leak.confirmed.v1, leak.cancelled.v1, leak.delivered.v1, leak.reported.v1
Publishes: leak.decided.v1, threat.escalated.v1
"""
