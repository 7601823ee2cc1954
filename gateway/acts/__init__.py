"""What people do here, each act once: the console, `/v1/ops` and the command line all call it.

    right?  --no-->  refused, and the ledger has it
      |yes
    two persons?  --the first-->  it waits (`approvals`)  --the second, another one-->  done
      |one
    done: the act, and its ledger entry with who, and why, in one transaction

An act takes the house, the actor, what it is done to, `reason` where a person must give one, and
`now`. It opens its own transaction, raises `MrxError`, and knows nothing of HTTP or terminals.
"""
