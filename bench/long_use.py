"""A home as years of use leave it, put into the tables in sets: a statement a table, the same one
on both databases. A few members are exchanged the real way first (`begin`); what batches and the
ledger say of them is said again and again, so that pages read what the product wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from bench import home, invented, members
from bench.ends import Ends
from gateway.demo import companies
from outbox.delivery import Delivery
from outbox.house import House
from outbox.transport import HttpTransport
from partners import agreements
from schemas.tables import stored

FEW = 60  # members that are really exchanged
PARTNERS = 20
DAYS = 30  # over which the batches are spread
LOST_DAYS = 90  # over which members lost their benefits
LOST_OF = 20  # one in so many of them did: was suspended or absent, and its deletion is confirmed
NAME = "Invented Company 4711"
ACCOUNT = "20004711"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many members are on our roll, and how many batches were ever sealed."""

    members: int
    batches: int


def begin(both: Ends) -> None:
    """A few members are told to each partner, one permission is taken back, all is confirmed."""
    house, codes = both.house, tuple(both.partners)
    lines = companies.member_lines(members.members(FEW))
    home.push(house, lines, expect=FEW)
    grants = companies.consent_lines(members.grants(FEW, codes))
    home.push_grants(house, grants, expect=FEW * len(codes))
    transport = HttpTransport(deadline=timedelta(seconds=30), answer_bytes_max=4 << 20)
    try:
        delivery = Delivery(house=house, transport=transport, worker="bench/0")
        while delivery.work():
            pass
    finally:
        transport.close()
    with house.database.write() as tx:
        for code in codes:  # from here on nobody is called: what waits is there to be shown
            agreements.change(tx, code, push_url=None)


def fill(house: House, size: Size) -> None:
    """Everything else, up to `size`, with invented partners up to twenty."""
    more = [invented.code(n) for n in range(PARTNERS - len(members.PARTNERS))]
    with house.database.write() as tx:
        for code in more:
            invented.agree(tx, code, like=members.PARTNERS[0])
    codes = [*members.PARTNERS, *more]
    now = datetime.now(UTC)
    values = {
        "rows": size.members,
        "batches": size.batches,
        "many": len(codes),
        "zero": bytes(32),
        "now": stored(now),
        "since": stored(now - timedelta(days=DAYS)),
        "step": DAYS * 86_400_000_000 // size.batches,
        "lost": size.members // LOST_OF,
        "long_since": stored(now - timedelta(days=LOST_DAYS)),
        "apart": LOST_DAYS * 86_400_000_000 // (size.members // LOST_OF),
    }
    with house.database.write() as tx:
        _numbers(tx, codes, max(size.members, size.batches))
        for statement in _FILLED.strip().split(";\n"):
            asked = text(statement)
            given = {name: values[name] for name in asked.compile().params}
            tx.execute(asked, given)
        for scratch in ("bench_numbers", "bench_partners"):
            tx.exec_driver_sql(f"DROP TABLE {scratch}")
    with house.database.write() as tx:
        if tx.dialect.name == "postgresql":  # what autovacuum does within a minute
            tx.exec_driver_sql("ANALYZE")


def _numbers(tx: Connection, codes: Sequence[str], most: int) -> None:
    tx.exec_driver_sql("CREATE TABLE bench_numbers (g BIGINT PRIMARY KEY)")
    tx.execute(
        text(
            "INSERT INTO bench_numbers WITH RECURSIVE n(g) AS (SELECT 1 UNION ALL"
            " SELECT g + 1 FROM n WHERE g < :most) SELECT g FROM n"
        ),
        {"most": most},
    )
    tx.exec_driver_sql(
        "CREATE TABLE bench_partners (n BIGINT PRIMARY KEY, code TEXT, lane BIGINT, epoch TEXT,"
        " consent TEXT)"
    )
    tx.execute(
        text(
            "INSERT INTO bench_partners SELECT :n, l.partner, l.id, l.epoch, coalesce((SELECT min(text)"
            " FROM consents WHERE programme = :code), '2014-08') FROM lanes l"
            " WHERE l.partner = :code AND l.kind = 'routine'"
        ),
        [{"n": n, "code": code} for n, code in enumerate(codes)],
    )


# The first batch of each routine lane is the one whose words all later ones have.
_FILLED = """
INSERT INTO members (account, name, identifiers, status, member_since, digest, version, as_of,
                     present, unknown_status, changed_at)
  SELECT CAST(20000000 + g AS TEXT), 'Invented Company ' || g, '[["SCAC","QXQQ"]]',
         CASE WHEN g % 100 = 0 THEN 'SUSPENDED' ELSE 'VALIDATED' END, '2014-04-07', :zero, 1, :since,
         1, 0, :since
  FROM bench_numbers WHERE g <= :rows;
INSERT INTO member_identifiers (scheme, value, account)
  SELECT 'MID', 'USINV' || g, CAST(20000000 + g AS TEXT) FROM bench_numbers WHERE g <= :rows;
INSERT INTO consents (id, account, programme, event, at, text, recorded_at, recorded_by)
  SELECT 1000000 + g, CAST(20000000 + g AS TEXT), code, 'granted', :since,
         consent, :since, 'bench'
  FROM bench_numbers JOIN bench_partners ON n = g % :many WHERE g <= :rows;
INSERT INTO standing_consents (account, programme, consent_id, event, at, text)
  SELECT account, programme, id, event, at, text FROM consents WHERE id > 1000000;
INSERT INTO disclosures (ref, partner, account, lane_id, consent_id, version, told_digest,
                         told_status, told_identifiers, best_status, best_identifiers, told_at,
                         held_version, held_digest, held_at, withdraw_since, withdraw_reason)
  SELECT 'Z' || CAST(10000000000 + g AS TEXT), code, CAST(20000000 + g AS TEXT), lane, 1000000 + g,
         1, :zero, 'VALIDATED', '[]', 'VALIDATED', '[]', :since, 1, :zero, :since,
         CASE WHEN g % 5000 = 0 THEN :now END, CASE WHEN g % 5000 = 0 THEN 'revocation' END
  FROM bench_numbers JOIN bench_partners ON n = g % :many WHERE g <= :rows;
INSERT INTO pending (partner, account, ref, lane_id, rank, since, blocked)
  SELECT code, CAST(20000000 + g AS TEXT), '', lane, 5, :since,
         CASE WHEN g % 200 = 0 THEN 'MRX-2101' WHEN g % 500 = 50 THEN 'MRX-2210' END
  FROM bench_numbers JOIN bench_partners ON n = g / 50 % :many WHERE g <= :rows AND g % 50 = 0;
INSERT INTO revocations (id, account, partner, consent_id, asked_by, at, due_at, answer, confirmed_at)
  SELECT 1000000 + g, CAST(20000000 + g AS TEXT), code, 1000000 + g, 'bench', :since, :since + 86400000000,
         CASE WHEN g % 5000 = 0 THEN 'withdrawal on its way' ELSE 'deletion confirmed' END,
         CASE WHEN g % 5000 = 0 THEN NULL ELSE :since + 3600000000 END
  FROM bench_numbers JOIN bench_partners ON n = g % :many WHERE g <= :rows AND g % 500 = 0;
INSERT INTO losses (ref, n, partner, account, told_at, cause, grounds, since, until, best,
                    good_version, may_hold, ended_at, listed_until)
  SELECT 'Y' || CAST(10000000000 + g AS TEXT), 1, code, CAST(20000000 + g AS TEXT), :long_since,
         CASE WHEN g % 2 = 0 THEN 'suspended' ELSE 'absent' END,
         CASE WHEN g % 2 = 0 THEN '["status"]' ELSE '["absent"]' END,
         :long_since + g * :apart, NULL, 1, 0, 1,
         CASE WHEN :long_since + g * :apart + g % 60 * 60000000 < :now
              THEN :long_since + g * :apart + g % 60 * 60000000 ELSE :now END,
         CASE WHEN :long_since + g * :apart < :since THEN :since END
  FROM bench_numbers JOIN bench_partners ON n = g % :many WHERE g <= :lost;
INSERT INTO disclosures (ref, partner, account, lane_id, consent_id, version, told_digest,
                         told_status, told_identifiers, best_status, best_identifiers, told_at,
                         withdraw_since, withdraw_reason, gone_at, fate)
  SELECT l.ref, l.partner, l.account, lane, 1000000 + CAST(substr(l.ref, 3) AS BIGINT), 1, :zero, 'VALIDATED', '[]', 'VALIDATED', '[]',
         l.told_at, l.since, CASE WHEN l.cause = 'absent' THEN 'absent' ELSE 'eligibility' END,
         l.ended_at, 'erased'
  FROM losses l JOIN bench_partners ON code = l.partner WHERE l.ref > 'Y1' AND l.ref < 'Y2';
INSERT INTO batches (id, lane_id, epoch, number, issue, state, stale, fence, revision, digest,
                     previous_digest, announcements, withdrawals, bytes, attempts, code, sealed_at,
                     first_sent_at, closed_at)
  SELECT 1000000 + g, lane, epoch, 1000 + g, 1,
         CASE WHEN g % 1000 = 0 THEN 'refused' ELSE 'settled' END, 0, 1, 1,
         substr('0000000000000000000000000000000000000000000000000000000000000000' || g, length('' || g) + 1),
         NULL, 5, 0, 1, CASE WHEN g % 20 = 0 THEN 2 ELSE 1 END,
         CASE WHEN g % 1000 = 0 THEN 'MRX-2211' END,
         :since + g * :step, :since + g * :step, :since + g * :step + 2000000
  FROM bench_numbers JOIN bench_partners ON n = g % :many WHERE g <= :batches;
INSERT INTO batch_files (batch_id, issue, digest, file, sealed_at)
  SELECT b.id, 1, b.digest, NULL, b.sealed_at FROM batches b WHERE b.id > 1000000;
INSERT INTO batch_notices (batch_id, ref, kind, account, version, items_digest, consent_id, outcome)
  SELECT 1000000 + 1 + (g - 1) % :batches, 'Z' || CAST(10000000000 + g AS TEXT), 'announcement',
         CAST(20000000 + g AS TEXT), 1, :zero, 1000000 + g, 'held'
  FROM bench_numbers WHERE g <= :rows;
INSERT INTO batch_notices (batch_id, ref, kind, account, version, outcome, code)
  SELECT 1000000 + 1 + (g - 1) % :batches, l.ref, 'withdrawal', l.account, NULL, 'withdrawn', 'erased'
  FROM losses l JOIN bench_numbers ON l.ref = 'Y' || CAST(10000000000 + g AS TEXT) AND g <= :lost;
INSERT INTO attempts (batch_id, n, issue, fence, worker, began_at, ended_at, outcome, code)
  SELECT b.id, k.g, 1, 1, 'bench/0', b.sealed_at, b.closed_at,
         CASE WHEN k.g = b.attempts THEN 'receipt' ELSE 'no answer' END,
         CASE WHEN k.g = b.attempts THEN NULL ELSE 'MRX-6001' END
  FROM batches b JOIN bench_numbers k ON k.g <= b.attempts AND k.g <= 2 WHERE b.id > 1000000;
INSERT INTO receipts (digest, lane_id, epoch, number, issue, file, level, verdict, certificate, received_at)
  SELECT 'bench' || b.id, b.lane_id, b.epoch, b.number, 1, NULL, 'applied', 'all',
         '', b.closed_at
  FROM batches b WHERE b.id > 1000000;
INSERT INTO ledger (position, at, kind, partner, subject, entry, previous, digest)
  SELECT size + n, at, kind, partner, subject, entry, previous, 'bench' || (size + n)
  FROM (SELECT said.*, h.size, row_number() OVER (ORDER BY said.at) AS n FROM (
    SELECT :since + k.g * :step AS at, l.kind, l.partner, l.subject, l.entry, l.previous
    FROM bench_numbers k CROSS JOIN ledger_head h JOIN ledger l ON l.position <= h.size
    WHERE k.g <= :batches / h.size
    UNION ALL
    SELECT l.since, 'standing', NULL, NULL, '{"salt":"00112233445566778899aabbccddeeff","turned":[["'
           || l.account || '","' || CASE WHEN l.cause = 'absent' THEN 'absent' ELSE 'SUSPENDED' END
           || '",[["' || l.partner || '","' || l.ref || '",1,true]]]]}', ''
    FROM losses l WHERE l.ref > 'Y1' AND l.ref < 'Y2') said CROSS JOIN ledger_head h) ordered;
UPDATE ledger_head SET size = (SELECT max(position) FROM ledger),
  digest = (SELECT digest FROM ledger ORDER BY position DESC LIMIT 1);
INSERT INTO outcomes (position, at, kind, partner, account)
  SELECT 1000000 + g, :since, 'held', code, CAST(20000000 + g AS TEXT)
  FROM bench_numbers JOIN bench_partners ON n = g % :many WHERE g <= :rows;
INSERT INTO outcomes (position, at, kind, partner, account, ref, code)
  SELECT 3000000 + g, l.ended_at, 'withdrawn', l.partner, l.account, l.ref, 'erased'
  FROM losses l JOIN bench_numbers ON l.ref = 'Y' || CAST(10000000000 + g AS TEXT) AND g <= :lost;
UPDATE lanes SET next_number = 1001 + :batches, last_digest = (SELECT b.digest FROM batches b
  WHERE b.lane_id = lanes.id ORDER BY b.number DESC LIMIT 1) WHERE kind = 'routine'
"""
