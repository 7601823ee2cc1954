"""The bad partner: what `mrx sandbox --faults` does to the batches it receives.

    habits.py       the words, and what each does
    plan.py         which habit the next batch meets
    receipts.py     the honest receipt, rewritten and signed again
    roll.py         members refused or forgotten behind the sender's back
    answering.py    answers over ASGI: passed on, broken off, withheld
    errand.py       receipts brought to the sender's own door
    misbehaviour.py the middleware around the partner door

Only the sandbox is ever wrapped in it, never what `mrx serve` serves.
"""
