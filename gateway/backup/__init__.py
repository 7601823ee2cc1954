"""A copy of the whole gateway in one file, and a gateway made of it again.

    running gateway --making--> FILE.zip --verifying--> it is whole, and its ledger holds
                                   |
                                   '--restoring--> a home folder that is RESTORED    [outbox.restored]
                                                      '--recovering--> open again    [gateway.recovering]

    README.txt                 what this is, and how it is used
    database.sqlite            the whole database, as it was at one moment,
      or database.dump         as `pg_dump` writes it (custom format)
    keys/*.crt                 our certificates
    keys/*.key                 our private keys, only if asked for, and only under a passphrase
    manifest.p7m               the manifest, signed with our key: every part with its SHA-256

It is company data, all of it: whoever holds the file holds the members.
"""
