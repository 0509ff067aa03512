"""Approves, holds or rejects leaks, and is where moderators work.

Owns: the first decision on each leak, the cases that a person may look at, reports, moderators' accounts.
Reads: leak.confirmed.v1, leak.cancelled.v1, leak.reported.v1
Publishes: leak.decided.v1, threat.escalated.v1
"""
