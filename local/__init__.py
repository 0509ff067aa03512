"""The embedded default: the whole of Leak on one machine, from packages only, and the verbs behind ./leak.

A verb is one file whose `run` does what was asked; `verbs` lists them. The others are what the verbs stand on.
"""
