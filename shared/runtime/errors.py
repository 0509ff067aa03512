"""What can go wrong, and whether to try again.

LeakError
├── Transient        a dependency is away: back off, try again, for as long as it takes
└── Permanent        this record will never do: dead letter now
anything else        a bug: a few attempts, then dead letter
"""

from aiokafka.errors import KafkaError
from pymongo.errors import ConnectionFailure, ExecutionTimeout, NotPrimaryError, WTimeoutError

from shared.seals.errors import KeyMissing, SealBroken


class LeakError(Exception):
    """The root of the tree."""


class Transient(LeakError):
    """A dependency is away or busy; the same attempt may succeed later."""


class Permanent(LeakError):
    """No later attempt can succeed."""


TRANSIENT = (
    Transient,
    KeyMissing,
    KafkaError,
    ConnectionFailure,
    ExecutionTimeout,
    NotPrimaryError,
    WTimeoutError,
    OSError,
)
PERMANENT = (Permanent, SealBroken)


def is_transient(error: BaseException) -> bool:
    """Whether waiting helps. Errors of the libraries that reach our dependencies count."""
    return isinstance(error, TRANSIENT)


def is_permanent(error: BaseException) -> bool:
    """Whether no attempt can help."""
    return isinstance(error, PERMANENT)
