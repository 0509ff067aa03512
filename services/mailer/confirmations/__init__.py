"""The role `confirmations`: "Is it you?" to senders. It never learns of a leak, a recipient or a message."""
