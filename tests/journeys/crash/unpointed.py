"""Durable steps that have no crash point, each with the reason why it needs none.

A reason begins with a dash; below stand the functions it is about, each with how many durable
steps it has. One more in any of them, and the build fails until somebody has thought about it.
`module.*` are all functions of a module, or of the modules below it.
"""

from typing import Final

_UNPOINTED: Final = """
- A person's act: one transaction with its ledger entry, and nothing else that lasts. Killed before
  its commit nothing happened, after it all did; the person looks, and asks again or need not.
gateway.acts.approval_words:give 1
gateway.acts.approvals:_at_once 1
gateway.acts.approvals:_come_back 1
gateway.acts.approvals:_refuse 1
gateway.acts.approvals:decide 1
gateway.acts.batches:evidence 1
gateway.acts.batches:name 1
gateway.acts.batches:retry 1
gateway.acts.conformance:_keep 1
gateway.acts.connection:walk 1
gateway.acts.golive:ask 1
gateway.acts.inbound:refuse 1
gateway.acts.inbound:release 1
gateway.acts.lanes:pause 1
gateway.acts.lanes:resume 1
gateway.acts.ledgers:export 1
gateway.acts.ledgers:verify 1
gateway.acts.onboarding:reopen 1
gateway.acts.onboarding:tick 1
gateway.acts.permission:demand 1
gateway.acts.replays:cancel 1
gateway.acts.replays:start 1
gateway.acts.restoring:open_unasked 1
gateway.acts.retention:ask 1
gateway.acts.retention:begin 1
gateway.acts.revoking:foresee 1
gateway.acts.revoking:revoke 1
gateway.acts.statements:issue 1
gateway.acts.statements:look 1
gateway.acts.statements:report 1
gateway.acts.terms:change 1
gateway.acts.users:_not_oneself 1
gateway.acts.users:change_own_password 1
gateway.acts.users:create 1
gateway.acts.users:disable 1
gateway.acts.users:enable 1
gateway.acts.users:reset 1
gateway.acts.users:set_roles 1
gateway.acts.users:sign_out_everywhere 1
gateway.cli.batch:export 1
gateway.cli.connecting:connect 1
gateway.cli.consent:_record 1
gateway.cli.restored:mark 1
gateway.cli.token:create 1
gateway.cli.token:revoke 1
gateway.home:first_administrator 1
gateway.mids:attach 1
gateway.mids:detach 1
gateway.staging:approve 1
gateway.staging:reject 1
gateway.staging:stage 1
gateway.staging:withdraw 1

- Who signs in, and how often it was tried: a crash costs one try or one session, and the person
  signs in again.
gateway.console.page:again 1
gateway.console.proving:prove 1
gateway.console.signing_in:_prove 1
gateway.console.signing_in:back 1
gateway.console.signing_in:sign_out 1
gateway.identity.admission:admit 2
gateway.identity.approval_word:proved 1
gateway.identity.signing_in:_checked 1
gateway.identity.signing_in:_counted 1
gateway.identity.signing_in:again 3

- One transaction of a door, which its caller repeats: a burnt nonce is signed anew, an answer is
  asked for again, and the ledger has each asking that was committed.
gateway.api.partner.identity:_by_handshake 1
gateway.api.partner.identity:_by_signature 1
gateway.api.partner.status:_ask 1
gateway.api.source.heartbeat:heartbeat.act 1

- Written where something failed that was not a crash. Killed in its place, the next upkeep, or the
  next call, finds the same and writes the same.
gateway.api.idempotency:once 1
gateway.taking:_refuse_more 1
gateway.taking:_run 1
signing.placing:_write 1

- The same act as a point's, come to after a crash there: the walk of that point goes on through it.
gateway.acts.keys:_activated 1

- Upkeep: each step finds what is so by then, and done twice it is done once.
gateway.cli.deliver:_Lanes._hurry 1
gateway.identity.shared_secret:tidy 1
signing.placing:sweep 1
gateway.engine.sweep:Sweep.look 2
gateway.replaying:drop_refused 1
outbox.standstill:Standstill.renew 1

- A chunk a transaction, with its cursor or its counts in it: who comes next goes on behind the last
  that was committed. No process is killed for it: in tests/outbox/test_retention_run.py each chunk,
  in tests/gateway/test_replaying.py one, is broken off before its commit by an error that nobody
  catches, and the database rolls it back as it would after a kill. What is wiped is wiped again.
gateway.erasing:go_on 1
gateway.replaying:go_on 1
outbox.retention_run:_wipe 1
outbox.retention_run:go_on 1

- It is written and taken back, or opened and closed: nothing of it lasts.
gateway.cli.feed:feed 2
gateway.doctor.host:home 1
gateway.health:_written 1
schemas.turn:Turn._beside 1

- A file that a person asked for, in a place of theirs: whole under its name or not there, and asked
  for again. Its draft beside it begins with a dot and names no one.
gateway.cli.batch_story:_write 4
gateway.cli.conformance:_key 1
gateway.cli.files:_replace 6
gateway.cli.files:write 1

- A mark that the token refused a PIN: what is left of it is asked of the token once more.
signing.token:_Module._opened 1

- Requests that change nothing here, and may be repeated by whoever asks.
gateway.checkup.theirs:_asked 1
gateway.other_end:OtherEnd.ask_again 1
gateway.other_end:OtherEnd.get 1
gateway.other_end:OtherEnd.post 1

- Backups and restores have crash tests of their own (tests/gateway/backup): a room that is swept,
  and a home that says MRX-9019 until the restore is begun again.
gateway.backup.*

- Keys under another passphrase: whole under the old one or whole under the new one, and any
  passphrase of the file opens any key (tests/signing).
gateway.own_keys:protect 1
signing.placing:replace 2

- No part of a gateway at work: a demonstration, a bad partner, checks of another's end over
  invented members, what is fetched when the package is built.
gateway.conformance.*
gateway.console.assets.*
gateway.demo.*
gateway.sandbox.*
"""


def _read(table: str) -> dict[str, int]:
    """How many steps each function may have; -1 for a whole module."""
    found: dict[str, int] = {}
    for line in table.splitlines():
        if line.endswith(".*"):
            found[line.removesuffix(".*")] = -1
        elif line and line[0] not in "- ":
            where, count = line.split()
            found[where] = int(count)
    return found


UNPOINTED: Final = _read(_UNPOINTED)


def reasoned(where: str) -> int:
    """How many steps of this function need no point; -1 for any number."""
    module = where.partition(":")[0]
    parts = module.split(".")
    if any(UNPOINTED.get(".".join(parts[: n + 1])) == -1 for n in range(len(parts))):
        return -1
    return UNPOINTED.get(where, 0)
