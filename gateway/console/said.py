"""What the console says after an act, by the word that stands in the address.

The address carries a key of this table and nothing else: what somebody writes there shows nothing.
"""

from collections.abc import Mapping
from typing import Final

SAID: Final[Mapping[str, str]] = {
    "signed-out": "You are signed out.",
    "proofs-wrong": "Five wrong passwords in a row: you are signed out. Sign in again; who does not know"
    " the password any more can ask an administrator to reset it.",
    "signed-out-everywhere": "You are signed out everywhere.",
    "password-changed": "Your password is changed. You are signed out everywhere else.",
    "roles-changed": "The roles are changed. They count from their next page on.",
    "user-disabled": "The user is disabled, and signed out everywhere.",
    "user-enabled": "The user is enabled.",
    "shown-so": "Kept. Pages are shown so in this browser.",
    "paused": "Announcements are paused. Withdrawals and bad news still leave.",
    "resumed": "Announcements leave again.",
    "resumed-some": "Announcements leave again. What was turned down is too much for one person, and"
    " waits for a replay.",
    "calendar-kept": "The calendar is kept. It explains waiting, and stops no clock.",
    "tested": "The connection was tested.",
    "waits-for-second": "Asked. It waits for a second person.",
    "approved": "Approved, and done.",
    "approval-refused": "Refused. It waits no longer.",
    "key-staged": "The next key is staged. Let partners fetch and pin its certificate.",
    "key-retired": "The next key is taken back.",
    "certificate-approved-once": "Your yes is kept. A second person has to approve it too.",
    "certificate-pinned": "The certificate is pinned.",
    "certificate-rejected": "The certificate is rejected.",
    "certificate-withdrawn": "The certificate is withdrawn. Nothing signed under it is believed.",
    "push-released": "The push is released.",
    "push-refused": "The push is refused. Nothing of it was taken.",
    "batch-let-in": "The batch is applied. The partner hears so.",
    "batch-turned-down": "The batch is turned down. The partner hears so.",
    "ledger-verified": "What was walked is whole.",
    "ledger-broken": "The ledger is broken: see below where.",
    "conformance-well": "The conformance run went well. The report is kept.",
    "conformance-failed": "The conformance run found something: see below. The report is kept.",
    "step-done": "The step is done.",
    "step-open": "The step is open again.",
    "retried": "It is tried now: its lane looks at once.",
    "replay-runs": "The replay runs. What it tells again leaves by its lane, the oldest first.",
    "replay-waits": "The replay waits for a second person.",
    "replay-cancelled": "The rest is cancelled. What was told again already stays so.",
}
