"""The bad habits of a partner, each one word.

    before applying     deaf  busy  refuse-500  refusing     the batch leaves no trace, or a refusal
    after applying      slow  silent  cut  500               the answer is late, lost or no answer
                        huge  endless  deep                  it is more than anybody should read
    another answer      unsigned  hearsay  stranger  expired  wrong-digest  wrong-number
                        miscounting  wishful  replay  skewed  picky  received  duplicate
    later               forgetful  tombless                  it answers well, and loses what it had

A batch that comes again is answered by the receipt that was stored for it: once a plan is eaten,
everything ends as in calm weather. Only what was properly refused waits for the sender's operator.
"""

from enum import StrEnum


class Habit(StrEnum):
    """What happens to one batch."""

    HONEST = "honest"
    SLOW = "slow"
    SILENT = "silent"
    DEAF = "deaf"
    CUT = "cut"
    BUSY = "busy"
    ERROR = "500"
    REFUSE_ERROR = "refuse-500"
    PICKY = "picky"
    REFUSING = "refusing"
    UNSIGNED = "unsigned"
    HEARSAY = "hearsay"
    STRANGER = "stranger"
    EXPIRED = "expired"
    WRONG_DIGEST = "wrong-digest"
    WRONG_NUMBER = "wrong-number"
    MISCOUNTING = "miscounting"
    WISHFUL = "wishful"
    RECEIVED = "received"
    REPLAY = "replay"
    DUPLICATE = "duplicate"
    SKEWED = "skewed"
    FORGETFUL = "forgetful"
    TOMBLESS = "tombless"
    HUGE = "huge"
    ENDLESS = "endless"
    DEEP = "deep"


# What `mrx sandbox --help` says of each.
MEANING: dict[Habit, str] = {
    Habit.HONEST: "behaves; to let some batches pass between faults",
    Habit.SLOW: "applies it, answers after --slow-seconds",
    Habit.SILENT: "applies it, never answers",
    Habit.DEAF: "hangs up before applying it",
    Habit.CUT: "applies it, hangs up after half an answer",
    Habit.BUSY: "503 with Retry-After, before applying it",
    Habit.ERROR: "applies it, answers 500",
    Habit.REFUSE_ERROR: "500 before applying it",
    Habit.PICKY: "refuses every second member it did not know",
    Habit.REFUSING: "refuses the batch as a whole",
    Habit.UNSIGNED: "answers the receipt without its signature",
    Habit.HEARSAY: "refuses the batch in a receipt nobody signed",
    Habit.STRANGER: "signs the receipt with a key nobody pinned",
    Habit.EXPIRED: "signs the receipt under a certificate that is over",
    Habit.WRONG_DIGEST: "its receipt names another digest",
    Habit.WRONG_NUMBER: "its receipt names another number",
    Habit.MISCOUNTING: "its receipt says wrong holdings",
    Habit.WISHFUL: "its receipt confirms deletions nobody asked for",
    Habit.RECEIVED: "says received, brings the receipt later (--answer-to)",
    Habit.REPLAY: "answers with the receipt of an earlier batch",
    Habit.DUPLICATE: "answers, and brings the same receipt again (--answer-to)",
    Habit.SKEWED: "its receipt is dated a day ahead, or a day ago",
    Habit.FORGETFUL: "answers well, then loses members",
    Habit.TOMBLESS: "answers well, then forgets what was withdrawn",
    Habit.HUGE: "answers a file larger than any receipt",
    Habit.ENDLESS: "answers a file without end",
    Habit.DEEP: "signs a document nested without measure",
}
# They bring something to the sender's door, and so need its address.
BRINGING = frozenset({Habit.RECEIVED, Habit.DUPLICATE})
