"""What may be sent: rules that approve, hold or reject a message, pure and without I/O once loaded."""

from services.moderation.policy.catalogue import Policy, catalogue
from services.moderation.policy.decision import VERSION, evaluate
from services.moderation.policy.verdict import Finding, Language, Outcome, Verdict

__all__ = ["VERSION", "Finding", "Language", "Outcome", "Policy", "Verdict", "catalogue", "evaluate"]
