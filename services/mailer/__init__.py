"""Sends the confirmation and the leak, retries, suppresses, and says how each leak ended.

Two roles, so that nothing serves both mails: no process, user, database, opening key or relay credentials.
Each owns: mails that wait with their sealed parts, the journal of their attempts, the suppression list.

`letters` also owns the outbox of outcomes and the daily tallies.
    Reads leak.decided.v1, leak.cancelled.v1, recipient.blocked.v1
`confirmations`
    Reads sender.challenged.v1, recipient.blocked.v1

Publishes, by `letters`: leak.delivered.v1, leak.bounced.v1, leak.suppressed.v1, leak.stopped.v1
Nothing is published by `confirmations`.
"""
