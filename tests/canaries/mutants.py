"""Services with one scrubber or seal switched off: `python -m tests.canaries.mutants PROCESS FAULT,FAULT...`.

Planted from outside, in this process alone; no service knows of it. Each fault says where the scan must find it.
"""

import hashlib
import importlib
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from prometheus_client import Counter

import services.gateway.accept as gateway_accept
import services.gateway.application as gateway_application
import services.gateway.edge as gateway_edge
import services.gateway.submit_route as gateway_submit
import services.mailer.mail_ids as mailer_mail_ids
import services.moderation.judging as moderation_judging
import services.verifier.intake as verifier_intake
from shared import address_digests
from shared.digests import to_base64url
from shared.events.topics import ACCEPT, LETTERS, PROCESSES
from shared.runtime import delivery, envelope, listener, logs
from shared.seals.sealing import Sealer

log = logs.get("mutant")
DOOR, MAILER = ACCEPT.name, LETTERS.name


@dataclass(frozen=True)
class Fault:
    """`where`, `kind`, `encoding` begin the hit that only this fault gives."""

    service: str
    plant: Callable[[], None]
    where: str
    kind: str
    encoding: str = ""


def _unsealed(purpose: str) -> Callable[[], None]:
    def plant() -> None:
        sealed = Sealer.seal

        def seal(self: Sealer, what: Any, subject: str, content: Any) -> str:
            if what.name != purpose:
                return sealed(self, what, subject, content)
            # In a seal's form, since the contract refuses anything else.
            return f"lk1.{to_base64url(content.model_dump_json().encode())}.AA.AA"

        Sealer.seal = seal  # type: ignore[method-assign]

    return plant


def _digests_without_key() -> None:
    address_digests.keyed_digest = lambda _key, _label, value: hashlib.sha256(value.encode()).hexdigest()


def _any_field_is_logged() -> None:
    def everything(_logger: Any, _method: str, line: Any) -> Any:
        return line

    logs.only_allowed_fields = everything  # type: ignore[assignment]


def _told_at(module: Any, name: str, say: Callable[..., None]) -> None:
    """Have `say` see what a function is given, before it is."""
    original = getattr(module, name)

    def told(*given: Any, **named: Any) -> Any:
        say(*given, **named)
        return original(*given, **named)

    setattr(module, name, told)


def _a_line_with_the_address() -> None:
    _told_at(gateway_accept, "_origin", lambda caller, *_: log.warning("accepted", client=caller.ip))


def _a_line_with_the_address_and_no_allow_list() -> None:
    _any_field_is_logged()
    _a_line_with_the_address()


def _a_line_with_the_sender_and_no_allow_list() -> None:
    _any_field_is_logged()
    _told_at(verifier_intake.addresses, "is_disposable", lambda address: log.warning("challenged", who=address))


def _a_line_with_the_message_and_no_allow_list() -> None:
    _any_field_is_logged()
    judged = moderation_judging.Judge.message

    def message(self: Any, letter: Any, stored_at: Any = None) -> str:
        text: str = judged(self, letter, stored_at)
        log.warning("judged", text=text)
        return text

    moderation_judging.Judge.message = message  # type: ignore[method-assign]


def _a_label_with_the_address() -> None:
    accepted = Counter("leak_accepted_by", "Leaks accepted, by whom", ["client"])
    _told_at(gateway_accept, "_origin", lambda caller, *_: accepted.labels(caller.ip).inc())


def _problems_that_echo() -> None:
    def echo(refused: Any) -> dict[str, str]:
        return {str(error["loc"]): str(error["input"]) for error in refused.errors()}

    gateway_submit.codes = echo


def _a_line_with_the_request() -> None:
    """What the code further in could see of a request, written down: nothing, as long as the edge strips it."""
    inner = gateway_application.WholeBodies

    class Telling(inner):  # type: ignore[misc,valid-type]
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            log.warning("asked", reason=f"{scope.get('client')} {scope.get('headers')} {scope}")
            await super().__call__(scope, receive, send)

    gateway_application.WholeBodies = Telling


def _an_edge_that_strips_nothing() -> None:
    _a_line_with_the_request()
    captured = gateway_edge.Edge._capture

    def capture(self: Any, scope: Any) -> Any:
        client, headers = scope["client"], list(scope["headers"])
        caller = captured(self, scope)
        scope["client"] = client
        scope["headers"][:] = headers
        return caller

    gateway_edge.Edge._capture = capture  # type: ignore[method-assign]


def _a_server_that_logs_requests() -> None:
    configure = logs.configure

    def aloud(name: str, level: str) -> None:
        configure(name, level)
        access = logging.getLogger("uvicorn.access")
        access.disabled, access.propagate = False, False
        access.setLevel(logging.INFO)
        access.addHandler(logging.StreamHandler(sys.stdout))

    logs.configure = aloud
    config = listener.uvicorn.Config

    def with_access_log(*given: Any, **named: Any) -> Any:
        return config(*given, **{**named, "access_log": True})

    listener.uvicorn.Config = with_access_log  # type: ignore[assignment,misc]


def _libraries_that_say_everything() -> None:
    configure = logs.configure

    def aloud(name: str, level: str) -> None:
        configure(name, level)
        handler = logging.StreamHandler(sys.stdout)
        for library in ("aiokafka", "pymongo"):
            logger = logging.getLogger(library)
            logger.setLevel(logging.DEBUG)
            logger.addHandler(handler)

    logs.configure = aloud


def _libraries_in_their_own_words() -> None:
    """A failed handler's own words and trace, which quote what it was given."""
    die = delivery.Delivery._die

    async def tell(self: Any, received: Any, error: Exception, attempts: int) -> None:
        logging.getLogger("leak.mutant").warning("%s %r", error, received.record.value)
        await die(self, received, error, attempts)

    delivery.Delivery._die = tell  # type: ignore[method-assign]
    logs._from_library = lambda _logger, _method, line: line  # type: ignore[assignment]


def _a_message_id_that_is_the_leak_s() -> None:
    mailer_mail_ids.MailIds.message_id = lambda _self, id_, _at: id_  # type: ignore[method-assign]


def _one_trace_for_all() -> None:
    envelope.next_traceparent = lambda _subject: f"00-{'5' * 32}-{'7' * 16}-01"


def _a_message_that_depends_on_the_sender() -> None:
    submitted = gateway_accept._submitted

    def told(keys: Any, receipt: Any, at: Any, before: Any, leak: Any) -> Any:
        # Invisible to a reader.
        invisible = "\u200b" * (len(leak.sender) % 7 + 1)
        return submitted(keys, receipt, at, before, leak.model_copy(update={"message": leak.message + invisible}))

    gateway_accept._submitted = told


def _a_header_that_depends_on_the_sender() -> None:
    told = gateway_accept.outgoing
    lengths: list[int] = []
    _told_at(gateway_accept, "_submitted", lambda *given: lengths.append(len(given[-1].sender)))

    def outgoing(event: Any, source: str) -> envelope.Outgoing:
        record = told(event, source)
        if record.topic == "origin.captured.v1":
            return record
        return replace(record, headers=(*record.headers, (f"sent-by-{lengths[-1]}", b"")))

    gateway_accept.outgoing = outgoing


FAULTS: Mapping[str, Fault] = {
    "origin in clear": Fault(DOOR, _unsealed("origin"), "topic origin.captured", "address", "base64url"),
    "sender in clear": Fault(DOOR, _unsealed("sender"), "topic leak.submitted", "sender", "base64url"),
    "recipient in clear": Fault(DOOR, _unsealed("recipient"), "topic leak.submitted", "recipient", "base64url"),
    "message in clear": Fault(DOOR, _unsealed("message"), "topic leak.submitted", "message", "base64url"),
    "report in clear": Fault(DOOR, _unsealed("report-details"), "topic leak.reported", "details", "base64url"),
    "challenge in clear": Fault("verifier", _unsealed("challenge"), "topic sender.challenged", "sender", "base64url"),
    "threat in clear": Fault("moderation", _unsealed("threat"), "topic threat.escalated", "message", "base64url"),
    "recipient's pseudonym without key": Fault(
        DOOR, _digests_without_key, "the services' server: moderation", "recipient", "sha256"
    ),
    "sender's pseudonym without key": Fault(
        "verifier", _digests_without_key, "the services' server: verifier", "sender", "sha256"
    ),
    "suppression list without key": Fault(
        MAILER, _digests_without_key, "the services' server: mailer-letters", "recipient", "sha256"
    ),
    "address in a log line": Fault(DOOR, _a_line_with_the_address_and_no_allow_list, "log", "address", "plain"),
    "sender in a log line": Fault("verifier", _a_line_with_the_sender_and_no_allow_list, "log", "sender", "plain"),
    "message in a log line": Fault("moderation", _a_line_with_the_message_and_no_allow_list, "log", "message", "plain"),
    "address as a metric's label": Fault(DOOR, _a_label_with_the_address, "metrics", "address", "plain"),
    "problem echoes input": Fault(DOOR, _problems_that_echo, "answer", "sender", "plain"),
    "edge strips nothing": Fault(DOOR, _an_edge_that_strips_nothing, "log", "agent", "plain"),
    "access log": Fault(DOOR, _a_server_that_logs_requests, "log", "token", "plain"),
    "libraries at debug": Fault(MAILER, _libraries_that_say_everything, "log", "seal", "plain"),
    "a dead record in a log line": Fault("audit", _libraries_in_their_own_words, "log", "seal", "plain"),
    "Message-ID is the leak's id": Fault(MAILER, _a_message_id_that_is_the_leak_s, "mail to a recipient", "leak id"),
    "one trace for both mails": Fault("verifier", _one_trace_for_all, "joined", "trace"),
}
"""What the scan must find."""
HARMLESS: Mapping[str, Fault] = {
    "a line with the address": Fault(DOOR, _a_line_with_the_address, "log", "address"),
    "a line with the request": Fault(DOOR, _a_line_with_the_request, "log", "agent"),
}
"""The same careless lines with the scrubber on: nothing may be found."""
DIFFERENCES: Mapping[str, Callable[[], None]] = {
    "a trace of the sender in the message": _a_message_that_depends_on_the_sender,
    "a header that depends on the sender": _a_header_that_depends_on_the_sender,
}
"""What only a comparison of two runs can find."""


def main() -> None:
    """Plant, then run the service as its own main does."""
    name, wanted = sys.argv[1], sys.argv[2].split(",")
    for each in wanted:
        plants = {name: fault.plant for name, fault in (FAULTS | HARMLESS).items()} | DIFFERENCES
        plants[each]()
    importlib.import_module(f"services.{PROCESSES[name].service}.main").main()


if __name__ == "__main__":
    main()
