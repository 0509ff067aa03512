"""Proves that the sender holds the address, and ends what nobody confirms.

Owns: pending leaks, their outcomes before moderation, the stop list of senders.
Reads: leak.submitted.v1, confirmation.clicked.v1, sender.stopped.v1, leak.cancelled.v1
Publishes: sender.challenged.v1, leak.confirmed.v1, leak.expired.v1, leak.withdrawn.v1
"""
