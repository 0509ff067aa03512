"""The only public face: seals the origin, takes leaks and what people do about them, tells the sender how a leak fares.

Two roles: `accept` answers people and makes events of what they do, `status` reads what became of it.
Owns: what it has read of each leak's life (leak_events, by `status`); API clients and the pages (by `accept`).
Reads: leak.submitted.v1, leak.confirmed.v1, leak.withdrawn.v1, leak.decided.v1, leak.stopped.v1
Publishes: origin.captured.v1, leak.submitted.v1, confirmation.clicked.v1, sender.stopped.v1, recipient.blocked.v1,
    leak.reported.v1, leak.cancelled.v1
"""
