"""The one-shot set-up step: keys, topics, Kafka users and ACLs, database users; made from the topic registry.

`python -m deploy.setup` may run again at any time: it makes what is missing, corrects what differs, takes away rights
that the registry no longer gives, and never replaces a key. The local stack, compose and Kubernetes run this same step.
"""
