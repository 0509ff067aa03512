"""The only opener of origins: owns the sealed origins, the orders and their log.

Reads origin.captured, leak.confirmed, leak.expired, leak.withdrawn, leak.decided, leak.delivered, leak.bounced,
leak.suppressed, leak.reported, threat.escalated. Publishes nothing.
"""
