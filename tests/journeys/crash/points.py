"""The table of crash points: every durable step of push, seal, send, settle, revoke, reissue,
inbound, reconcile, key change and migration has a name, and at each a test kills the process.

A point:  its name, the function that does the step (module:function), which of that function's
          durable steps it is; below, what must be so after the restart.
A walk:   the journey of its name (`walks`), and the points it passes, in the order of their first
          passing.

Durable steps that need no point stand in `unpointed`, each with a reason. A step that is in neither
fails the build (`test_table`).
"""

from dataclasses import dataclass
from typing import Final

_POINTS: Final = """
spool.folder              gateway.spool:create 1
    An empty folder, which the next push uses.
spool.file                gateway.spool:create 2
    A body whose push was never entered is removed by the next upkeep.
spool.remove              gateway.spool:Spooled.remove 1
    The body of a push that is over is removed, now or by the next upkeep.
push.begin                gateway.taking:take 1
    Entered or not; entered and dead, it is called interrupted, and is pushed again.
push.reject               gateway.pushes:Rejections.flush 1
    Rejections belong to a push that is called interrupted.
push.settle               gateway.taking:_run 2
    All is taken; the push is called interrupted, and pushed again it changes nothing.
push.release              gateway.taking:approve.begin 1
    It waits on, or is called interrupted and is pushed again.
push.discard              gateway.taking:discard 1
    It waits on, or is discarded and its body goes.
push.bury                 gateway.pushes:_bury 1
    Who died is called interrupted, now or by the next upkeep.
push.forget               gateway.pushes:tidy 1
    Old rejections go, now or by the next upkeep.
push_members.chunk        gateway.intake.push_members:_take 1
    A chunk is on the roll and in the queues whole, or not at all.
push_members.confirm      gateway.intake.push_members:_take 2
    That nothing is new is noted, now or when it is pushed again.
push_members.withdraw     gateway.intake.push_members:_withdraw 1
    Whom a list leaves out is withdrawn everywhere, or nowhere yet.
push_members.close        gateway.intake.push_members:_enter 1
    The ledger has one entry for each push that came to its end.
push_consents.chunk       gateway.intake.push_consents:_take 1
    Consents, queues and revocations changed together, or not.
push_consents.close       gateway.intake.push_consents:push 1
    The feed is as fresh as it was, or as this push makes it.
delivery.take             outbox.delivery:Delivery._take 1
    The lease of a dead process is ended; the fence of the next one is higher.
release.claim             outbox.claiming:_try 1
    A number is sealed with its attempt open, or not given. Sealed, the same bytes leave under it.
delivery.send             outbox.delivery:Delivery._send 1
    Unknown: the same bytes again under the same number, and the partner takes them once.
inbound.take              gateway.inbound:take 1
    Roll, receipt and ledger together, or nothing; the repeat gets the stored receipt.
delivery.settle           outbox.delivery:Delivery._settle 1
    Settled once; before it, the repeat brings the same receipt.
delivery.unanswered       outbox.delivery:Delivery._unanswered 1
    Unknown or still sending: never failed, never sent.
delivery.rest             outbox.delivery:Delivery._rest 1
    The lane is looked at again.
delivery.give_back        outbox.delivery:Delivery.run 1
    The lease of a dead process is ended by the next start.
handing_over.take         outbox.handing_over:next_batch 1
    The lease of a dead process is ended.
handing_over.handed       outbox.handing_over:_handed 1
    Unknown or still sending; who comes next gets the same bytes.
handing_over.give_back    outbox.handing_over:_from 1
    The lease of a dead process is ended.
inbound.take_receipt      gateway.inbound:take_receipt 1
    Settled once; the same receipt again changes nothing.
puller.next               gateway.puller:Fetching.next 1
    The same batch is fetched again.
puller.receipt            gateway.puller:Fetching.settle 1
    The same batch is fetched again, and the stored receipt brought.
quarantine.approve        gateway.quarantine:approve 1
    It waits, or is applied whole and its receipt is owed.
quarantine.reject         gateway.quarantine:reject 1
    It waits, or nothing of it is taken and its receipt is owed.
owed.bring                gateway.owed:Owed._bring 1
    The receipt is owed until it was brought.
owed.settle               gateway.owed:Owed._settle 1
    It is owed no more, or is brought once more.
idempotency.begin         gateway.api.idempotency:once 1
    A key whose caller died begins anew.
revocations.revoke        gateway.api.source.revocations:revoke.act 1
    Taken back with all that follows, or not; again, it answers with the revocation that stands.
idempotency.keep          gateway.api.idempotency:once 2
    The answer is kept, or the act is asked for again and finds itself done.
standstill.take           outbox.standstill:held 1
    The leases of a dead process are ended.
reconcile.mend            outbox.reconcile:reconcile 1
    Our sums are added up anew, now or by the next reconcile.
reconcile.tell_again      outbox.reconcile:reconcile 2
    A slice waits to be told again; the next reconcile finds the rest.
reconcile.end             outbox.reconcile:reconcile 3
    Lives that the partner has buried are over; the next reconcile finds the rest.
reconcile.withdraw        outbox.reconcile:reconcile 4
    What nobody told is being withdrawn; the next reconcile finds the rest.
reconcile.new_epoch       outbox.reconcile:reconcile 5
    A lane that lost its place has one new epoch, and no number is used twice.
standstill.give_back      outbox.standstill:held 2
    The leases of a dead process are ended.
resend.queue              gateway.api.partner.resend:resend 1
    What the partner asks for is queued whole, or not; asked again, it ends the same.
keys.leftover             signing.keys:create 1
    A draft of a dead process is removed.
keys.draft                signing.placing:_write 1
    A draft that the next call removes; no key has a name yet.
keys.sync                 signing.placing:_write 2
    As before it.
keys.name                 signing.placing:place 1
    A key without its certificate gets one for that very key.
keys.undraft              signing.placing:place 2
    The key stands; its draft is removed by the next call.
keys.flush                signing.placing:flush 1
    Names are on disk before the next step.
keys.retire               signing.keys:activate 1
    The old key signs, and has a second name.
keys.move                 signing.keys:activate 2
    The new key is in its place; its certificate follows at the next opening.
keys.follow               signing.keys:_finish 1
    The new key signs; the register follows at the next opening.
keys.aside                signing.keys:put_aside 1
    The next key and its certificate have their new names, now or by the next call.
own_keys.stage            gateway.own_keys:stage 1
    The register knows the next key, now or by the next call.
own_keys.seen             gateway.own_keys:note_seen 1
    That a partner has fetched it is noted once, now or when it comes again.
own_keys.activate         gateway.own_keys:activate 1
    One key signs, and the register says which.
own_keys.retire           gateway.own_keys:retire_next 1
    No next key, its files kept, and the register says so.
own_keys.settle           gateway.home:_found 1
    The register follows the files at every opening.
keys.ask                  gateway.acts.keys:activate 1
    The act waits for its second person, once.
keys.unask                gateway.acts.keys:retire 1
    Nobody can approve a key that is gone.
approvals.begin           gateway.acts.approvals:_in_steps 1
    It waits, or stands as begun until another yes carries it out.
approvals.close           gateway.acts.approvals:_in_steps 2
    It stands as begun, and another yes finds it done.
home.folder               gateway.home:init 1
    A folder, which the next init uses.
home.keys_folder          gateway.home:init 2
    A folder, which the next init uses.
home.file                 gateway.home:_made 1
    An empty database file, which the next init fills.
home.look                 gateway.home:_made 2
    Nothing was written.
secret.draft              gateway.identity.shared_secret:_place 1
    A draft that the next server removes.
secret.sync               gateway.identity.shared_secret:_place 2
    As before it.
secret.name               gateway.identity.shared_secret:_place 3
    The secret stands, whole.
secret.undraft            gateway.identity.shared_secret:_place 4
    The draft is removed, now or by the next server.
secret.flush              gateway.identity.shared_secret:_place 5
    The secret stands, whole.
home.migrate              gateway.home:_made 3
    The schema of before, whole, or the new one.
home.seed                 gateway.home:_made 4
    No programme is named, and the next init goes on; or the home is made.
mend.leases               gateway.engine.errands:Errands._mend 1
    Leases of the dead are ended, now or by the next upkeep.
upkeep.tidy               gateway.upkeep:tidy 1
    What no promise needs goes, now or by the next upkeep.
endings.withdraw          outbox.endings:_end 1
    A slice of an ended agreement is being withdrawn; the next upkeep finds the rest.
"""

WALKS: Final = {
    "push": """
        spool.folder spool.file push.begin push_members.chunk push_members.close push.reject
        push.settle spool.remove push_consents.chunk push_consents.close push_members.confirm
        push.discard push.release push_members.withdraw""",
    "exchange": """
        delivery.take release.claim delivery.send inbound.take delivery.unanswered
        delivery.give_back delivery.settle delivery.rest push_members.chunk push_members.close""",
    "revoke": """
        idempotency.begin revocations.revoke idempotency.keep delivery.take release.claim
        delivery.send inbound.take delivery.settle delivery.rest delivery.give_back
        push_consents.chunk push_consents.close""",
    "reissue": """
        delivery.take release.claim delivery.send inbound.take delivery.settle delivery.rest
        delivery.give_back""",
    "fetched": """
        handing_over.take release.claim handing_over.handed handing_over.give_back inbound.take
        inbound.take_receipt""",
    "pulled": """
        puller.next handing_over.take release.claim handing_over.handed handing_over.give_back
        inbound.take puller.receipt inbound.take_receipt quarantine.approve owed.bring owed.settle
        quarantine.reject""",
    "reconcile": """
        standstill.take reconcile.mend reconcile.tell_again reconcile.end reconcile.withdraw
        reconcile.new_epoch standstill.give_back resend.queue delivery.take release.claim
        delivery.send inbound.take delivery.settle delivery.rest delivery.give_back""",
    "keys": """
        own_keys.settle keys.leftover keys.draft keys.sync keys.name keys.undraft keys.flush
        own_keys.stage own_keys.seen keys.ask keys.aside own_keys.retire keys.unask
        approvals.begin keys.retire keys.move keys.follow own_keys.activate approvals.close""",
    "init": """
        home.folder home.keys_folder home.file home.look keys.leftover keys.draft keys.sync
        keys.name keys.undraft keys.flush secret.draft secret.sync secret.name secret.undraft
        secret.flush home.migrate home.seed""",
    "migration": "home.folder home.keys_folder home.look home.migrate home.seed",
    "upkeep": """
        mend.leases push.bury spool.remove push.forget upkeep.tidy endings.withdraw""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One of them. `afterwards` is what must be so after the restart, whichever side of it the
    process died on.
    """

    name: str
    where: str
    nth: int
    afterwards: str


def _read(table: str) -> tuple[Point, ...]:
    lines = [line for line in table.splitlines() if line]
    found = []
    for head, words in zip(lines[::2], lines[1::2], strict=True):
        name, where, nth = head.split()
        found.append(Point(name=name, where=where, nth=int(nth), afterwards=words.strip()))
    return tuple(found)


POINTS: Final = _read(_POINTS)
NAMES: Final = {(point.where, point.nth): point.name for point in POINTS}
WAYS_IN: Final = frozenset(
    {
        ("outbox.standstill:Standstill.write", 1),
        ("schemas.postgresql:PostgreSQL.migrate", 1),
        ("schemas.migrations.env:<module>", 1),
    }
)
"""Steps that are only the way in to others, which stand in the table themselves."""


OF_FILES: Final = frozenset({"home.file"})
"""Points that only a database in a file has."""


def of(walk: str, database: str = "sqlite") -> list[str]:
    """The points of a walk, in the order of their first passing."""
    found = WALKS[walk].split()
    return [name for name in found if database == "sqlite" or name not in OF_FILES]
