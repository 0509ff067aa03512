"""The embedded default: the whole of Leak on one machine, from packages only, and the verbs behind ./leak.

A verb is one file: its module has `HELP` and `run`, and `__main__` lists it. The others are what the verbs stand on.
"""
