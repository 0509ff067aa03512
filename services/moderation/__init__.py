"""Approves, holds or rejects leaks, and is where moderators work.

Owns the outcomes and cases of leaks. Reads leak.confirmed.v1, leak.cancelled.v1, leak.delivered.v1 and
leak.reported.v1; publishes leak.decided.v1 and threat.escalated.v1.
"""
