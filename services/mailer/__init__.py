"""Sends the confirmation and the leak, retries, suppresses, and says how each leak ended.

Owns: mails that wait with their sealed parts, delivery journal, links of sent mails, suppression list, daily tallies.
Reads: sender.challenged.v1, leak.decided.v1, leak.cancelled.v1, recipient.blocked.v1
Publishes: leak.delivered.v1, leak.bounced.v1, leak.suppressed.v1
"""
