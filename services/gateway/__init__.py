"""The only public face: seals the origin, takes leaks and what people do about them, tells the sender how a leak fares.

Owns: what it has read of each leak's life (leak_events); the pages.
Reads: leak.submitted.v1, leak.confirmed.v1, leak.withdrawn.v1, leak.decided.v1, leak.suppressed.v1
Publishes: origin.captured.v1, leak.submitted.v1, confirmation.clicked.v1, sender.stopped.v1, recipient.blocked.v1,
    leak.reported.v1, leak.cancelled.v1
"""
