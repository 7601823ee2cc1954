"""Every stable code, what it means, and what a person can do about it.

    MRX-10xx  a line cannot be read            MRX-4xxx  an exchange rule is broken
    MRX-11xx  a member cannot be taken         MRX-5xxx  the command cannot be carried out
    MRX-12xx  a consent event cannot be taken  MRX-6xxx  what became of an attempt
    MRX-19xx  taken, with a warning            MRX-9xxx  the gateway itself is not ready
    MRX-21xx  cannot be said in the format
    MRX-22xx  may not be said (not allowed)
    MRX-23xx  a document is not what its XSD says
    MRX-3xxx  a signed file is not believed    MRX-7xxx  a call by HTTP cannot be answered as asked

A code never changes its meaning and is never used again. Sentences may be reworded at any time.
They are general on purpose: no company data stands in them.
"""

from dataclasses import dataclass
from typing import Literal

Repairer = Literal["company", "source", "operator"]


@dataclass(frozen=True, slots=True)
class Code:
    """One code: `title` says what is so, `repair` what to do next.

    `repairer` says who can do it, of the codes that keep a notice from a partner: the company
    itself, the source (the home programme's systems; in the United States those of CBP) or the
    operator of this gateway. None there means that nobody has to: an agreement decides.
    """

    code: str
    title: str
    repair: str
    repairer: Repairer | None = None


_ALL = (
    # -- lines ---------------------------------------------------------------------------------
    Code("MRX-1001", "the line is not UTF-8", "export the file as UTF-8"),
    Code("MRX-1002", "the line is not one JSON object", "write one JSON object a line"),
    Code("MRX-1003", "a key occurs twice in the object", "keep one of the two"),
    Code("MRX-1004", "the line holds a lone surrogate", "repair the text at its source"),
    Code("MRX-1005", "the line is longer than 1 MiB", "look for a missing line end"),
    Code("MRX-1006", "the CSV row does not fit its header", "check quotes and separators"),
    Code("MRX-1007", "the CSV header lacks a column", "add the column the reason names"),
    Code("MRX-1008", "the input ended in the middle of a record", "send the whole file again"),
    # -- members -------------------------------------------------------------------------------
    Code("MRX-1101", "the account is not 5 to 9 ASCII digits", "correct the account"),
    Code("MRX-1102", "the name is missing or blank", "fill in the company name"),
    Code("MRX-1103", "the name is longer than 500 characters", "send the registered name"),
    Code("MRX-1104", "the name holds a character XML cannot carry", "remove the control character"),
    Code("MRX-1105", "identifiers are missing or not a list", "send a list; it may be empty"),
    Code(
        "MRX-1106",
        "the identifier scheme is not one of this programme",
        "use a scheme the programme knows",
    ),
    Code(
        "MRX-1107", "the identifier does not have the shape of its scheme", "correct the identifier"
    ),
    Code(
        "MRX-1108",
        "the importer number has the form of a social security number",
        "such a number is never taken; leave it out",
    ),
    Code(
        "MRX-1109",
        "the MID prefix is neither an ISO country nor a Canadian province",
        "correct the MID; Canada uses province codes",
    ),
    Code(
        "MRX-1110",
        "the status word is not known",
        "send a known word; announcements of this account wait for it",
    ),
    Code("MRX-1111", "the date is missing, impossible or not ISO 8601", "send YYYY-MM-DD"),
    Code("MRX-1112", "the date lies in the future", "correct the date"),
    Code(
        "MRX-1113", "the account stands on an earlier line of this file", "send one line an account"
    ),
    Code(
        "MRX-1114",
        "the business type is not a text of 1 to 100 characters",
        "correct or leave out the business type",
    ),
    # -- consent events ------------------------------------------------------------------------
    Code("MRX-1201", "the account is not on the roll", "push the member first"),
    Code(
        "MRX-1202",
        "the programme is not a partner programme",
        "use a programme of `mrx partner list`",
    ),
    Code("MRX-1203", "the event is neither granted nor revoked", "send granted or revoked"),
    Code(
        "MRX-1204",
        "the time is missing, impossible or without a zone",
        "send an RFC 3339 time, such as 2014-08-20T12:00:00Z",
    ),
    Code("MRX-1205", "the time lies in the future", "correct the time"),
    Code("MRX-1206", "a grant needs the officer and the officer's title", "send officer.title"),
    Code(
        "MRX-1207",
        "the consent text is missing or unknown",
        "name the text that was signed",
        "source",
    ),
    Code(
        "MRX-1208",
        "the consent text does not cover this programme",
        "name the text that was signed for it",
    ),
    Code(
        "MRX-1209", "the consent text was not yet valid at that time", "check the time and the text"
    ),
    Code(
        "MRX-1210",
        "the evidence is not a SHA-256 digest in hexadecimal",
        "send 64 hexadecimal digits, or none",
    ),
    Code(
        "MRX-1211",
        "a newer consent for this programme stands",
        "send the time at which this one was taken back, or none",
    ),
    Code(
        "MRX-1212",
        "the grant is later than the moment this push tells of",
        "correct the time, or the push's as_of",
    ),
    # -- warnings ------------------------------------------------------------------------------
    Code("MRX-1901", "the account does not have 8 digits", "taken; check it if others have 8"),
    Code(
        "MRX-1902",
        "the check digit of an identifier fails",
        "taken; real registers hold such numbers",
    ),
    Code("MRX-1903", "the identifier is legal but unusual for its scheme", "taken; check it"),
    # -- cannot be said ------------------------------------------------------------------------
    Code(
        "MRX-2101",
        "the name has a character the partner's character set lacks",
        "agree a spelling with the company",
        "company",
    ),
    Code(
        "MRX-2102",
        "the name is longer than the partner's format allows",
        "agree a shorter name with the company",
        "company",
    ),
    Code(
        "MRX-2103",
        "the partner's format has no place for an identifier scheme",
        "ask the engineer of this programme",
        "operator",
    ),
    Code(
        "MRX-2104",
        "the partner's format cannot say this date",
        "check the date of membership",
        "source",
    ),
    Code(
        "MRX-2105",
        "a value holds a character XML cannot carry",
        "repair the value at its source",
        "source",
    ),
    Code(
        "MRX-2106",
        "the member has more identifiers than the partner's format allows",
        "agree with the company which to leave out",
        "company",
    ),
    Code(
        "MRX-2107",
        "the record is too large to be sent even alone",
        "see whether the company really has so many identifiers",
        "company",
    ),
    # -- may not be said -----------------------------------------------------------------------
    Code(
        "MRX-2201",
        "the agreement has not reached the implementation stage",
        "wait for the agreement",
    ),
    Code(
        "MRX-2202",
        "the exchange with this partner is not enabled",
        "run `mrx partner connect`",
        "operator",
    ),
    Code(
        "MRX-2203",
        "the agreement is not in force on this day",
        "check the dates of the agreement",
        "operator",
    ),
    Code(
        "MRX-2204",
        "the agreement does not release this status",
        "nothing to do; the agreement decides",
    ),
    Code(
        "MRX-2205",
        "the agreement asks for a business type and the member has none",
        "push the member with its business type",
        "source",
    ),
    Code(
        "MRX-2206",
        "the member's business type is not eligible under the agreement",
        "nothing to do; the agreement decides",
    ),
    Code(
        "MRX-2207",
        "the consent feed is older than its bound",
        "push consents; an empty file says 'nothing new'",
        "source",
    ),
    Code(
        "MRX-2208",
        "the source last sent a status word nobody knows",
        "push the member with a known word",
        "source",
    ),
    Code(
        "MRX-2209",
        "no valid certificate is pinned for this partner",
        "run `mrx partner connect` with a current certificate",
        "operator",
    ),
    Code(
        "MRX-2210",
        "the partner refused this notice",
        "see the partner's code; correct the member and push it, or replay it once they are ready",
        "source",
    ),
    Code(
        "MRX-2211",
        "the partner refused the whole batch",
        "see the batch; when the cause is repaired, replay it",
        "operator",
    ),
    Code(
        "MRX-2212",
        "restored from a backup, and not compared with this partner since",
        "run `mrx reconcile`; where the partner cannot be asked, `mrx restored open`",
        "operator",
    ),
    # -- documents -----------------------------------------------------------------------------
    Code("MRX-2301", "the document is larger than the limit", "send smaller batches"),
    Code("MRX-2302", "the document is not well-formed UTF-8 XML", "repair the document"),
    Code("MRX-2303", "the document carries a document type declaration", "send it without one"),
    Code("MRX-2304", "the document is built to be expensive to read", "send an ordinary document"),
    Code("MRX-2305", "the document does not match its XSD", "validate with xmllint --schema"),
    Code(
        "MRX-2306",
        "a record of the document does not match its XSD",
        "validate with xmllint --schema",
    ),
    Code(
        "MRX-2307",
        "a record of the document holds a value that cannot be taken",
        "correct the value",
    ),
    Code("MRX-2308", "a reference occurs twice in the document", "say each member once"),
    Code(
        "MRX-2309",
        "the document is of a format this gateway does not know",
        "use the format of the agreement",
    ),
    # -- trust ---------------------------------------------------------------------------------
    Code("MRX-3001", "the file is larger than the limit", "send smaller batches"),
    Code(
        "MRX-3002",
        "the file is not the DER of our profile",
        "send DER, one signer, attributes signed; `openssl cms -cmsout -outform DER` repairs BER",
    ),
    Code(
        "MRX-3003",
        "there is too much around the content",
        "send one certificate and no extra attributes",
    ),
    Code(
        "MRX-3004",
        "the signer's certificate is not pinned for anyone",
        "exchange certificates first",
    ),
    Code(
        "MRX-3005",
        "the signer id does not name the certificate in the file",
        "sign with the key of the pinned certificate",
    ),
    Code(
        "MRX-3006", "the certificate is not valid at this moment", "exchange a current certificate"
    ),
    Code(
        "MRX-3007",
        "the certificate is not for signing",
        "use a certificate with keyUsage digitalSignature",
    ),
    Code(
        "MRX-3008",
        "the key or the algorithm is not allowed",
        "RSA of at least 3072 bits or P-256, with SHA-256",
    ),
    Code(
        "MRX-3009",
        "the signed attributes are not those of our profile",
        "sign contentType and messageDigest once each",
    ),
    Code("MRX-3010", "the content is not what was signed", "send the file again"),
    Code("MRX-3011", "the signature does not verify", "send the file again"),
    Code(
        "MRX-3012",
        "the certificate cannot be used",
        "RSA-3072 or P-256, keyUsage digitalSignature, PEM",
    ),
    # -- exchange ------------------------------------------------------------------------------
    Code("MRX-4001", "the batch is not addressed to this programme", "check the addressee"),
    Code("MRX-4002", "the sender named is not the signer's programme", "sign as yourself"),
    Code("MRX-4003", "a batch number is missing before this one", "send the missing number first"),
    Code(
        "MRX-4004",
        "this number and issue came before with other bytes",
        "never change a sealed batch",
    ),
    Code(
        "MRX-4005",
        "the batch does not name the digest of the one before",
        "find where the chains part",
    ),
    Code("MRX-4006", "the epoch of this lane is closed", "use the lane's current epoch"),
    Code("MRX-4007", "the counts in the header do not add up", "count again"),
    Code(
        "MRX-4008", "the document's format is not the agreed one", "use the format of the agreement"
    ),
    Code(
        "MRX-4009",
        "the receipt does not answer this batch",
        "answer with the digest of the bytes received",
    ),
    Code("MRX-4010", "this receipt answers an earlier issue", "answer the newest issue"),
    Code(
        "MRX-4011",
        "the issue does not name the issue it replaces",
        "name the digest of the earlier issue",
    ),
    Code("MRX-4012", "the request did not arrive in time", "send it again over a faster line"),
    Code(
        "MRX-4013", "the batch was given up with its epoch", "its notices go again in the new one"
    ),
    Code("MRX-4014", "the holdings of the two ends differ", "run `mrx reconcile`"),
    Code("MRX-4015", "a person turned the batch down", "ask the receiving administration why"),
    Code(
        "MRX-4016",
        "the partner's receipts confirm no deletion",
        "ask the partner to delete the records and to say so; meanwhile they are asked for again",
        "operator",
    ),
    # -- commands ------------------------------------------------------------------------------
    Code(
        "MRX-5001",
        "there is no such programme",
        "one of us-ctpat, mx-neec, ca-pip, tw-aeo, il-aeo, kr-aeo",
    ),
    Code("MRX-5002", "there is no such account", "see `mrx roll list` of the home programme"),
    Code("MRX-5003", "there is no such batch", "see `mrx batch list`"),
    Code("MRX-5004", "there is no such revocation", "see `mrx disclosure show`"),
    Code(
        "MRX-5005",
        "this certificate is pinned for another partner",
        "a certificate belongs to one partner",
    ),
    Code("MRX-5007", "the batch may not leave any more", "a newer issue will be sealed"),
    Code("MRX-5009", "the file cannot be read", "check the path"),
    Code(
        "MRX-5010",
        "the address is not an http or https address",
        "give a base URL, such as https://customs.example",
    ),
    Code(
        "MRX-5011",
        "there is a key or a certificate here already",
        "a key is never replaced; move both files away first",
    ),
    Code("MRX-5012", "the file cannot be written", "check the folder and its free space"),
    Code("MRX-5013", "there is no such token", "see `mrx token list`"),
    Code("MRX-5014", "there is no such inbound batch", "see `mrx inbound list`"),
    Code("MRX-5015", "there is no such staged certificate", "see `mrx partner show`"),
    Code(
        "MRX-5016", "the partner has no address", "it pulls: ask it to run the check from its end"
    ),
    Code("MRX-5017", "there is no such member on the partner's roll", "see `mrx roll list`"),
    Code("MRX-5018", "there is no such code", "see docs/problems.md"),
    Code("MRX-5019", "the partner did not answer as expected", "see `mrx partner test`"),
    Code("MRX-5020", "nothing is due for this partner", "see `mrx notice list`"),
    Code("MRX-5021", "the lane is being worked by somebody else", "try again in a minute"),
    Code("MRX-5022", "it has been decided already", "look at how it stands"),
    Code("MRX-5023", "there is no next key", "run `mrx key stage`, and let partners pin it"),
    Code(
        "MRX-5024",
        "there is no address to fetch this partner's batches from",
        "give it with `mrx partner connect --pull`; without one they push",
    ),
    Code(
        "MRX-5030",
        "a partner has not fetched the next certificate",
        "let it fetch and pin it first, or activate with --although-unseen",
    ),
    Code(
        "MRX-5031",
        "there is no such certificate pinned for this partner",
        "see `mrx partner certificates`",
    ),
    Code(
        "MRX-5051",
        "a process of the demo ended or did not answer",
        "look into the log the reason names",
    ),
    Code(
        "MRX-5052",
        "the demo did not come out as it should",
        "its folder keeps everything: look into the logs there",
    ),
    Code("MRX-5061", "there is a user of this name already", "choose another name"),
    Code(
        "MRX-5062",
        "this is no name of a user",
        "2 to 64 of a-z, 0-9 and . _ @ -, beginning with a letter",
    ),
    Code("MRX-5063", "there is no such user", "see `mrx user list`"),
    Code("MRX-5064", "there is no such approval", "see `mrx approval list`"),
    Code("MRX-5065", "there is no such replay", "see `mrx replay list`"),
    Code("MRX-5066", "nothing can be replayed here", "see `mrx notice list --refused`"),
    Code("MRX-5067", "the password is too short", "take 12 characters or more"),
    Code("MRX-5068", "the new password is the old one", "choose another one"),
    Code("MRX-5069", "the two new passwords differ", "type the new one twice alike"),
    Code(
        "MRX-5070",
        "the file was erased when its term was over",
        "the ledger proves it by its digest: see `mrx batch timeline`",
    ),
    Code(
        "MRX-5071",
        "PostgreSQL's own tools could not do it",
        "install the server's client programs (postgresql-client), of its version or newer",
    ),
    Code(
        "MRX-5072",
        "a private key without a passphrase does not go into a backup",
        "put the key under a passphrase, or leave --with-keys out and keep the keys elsewhere",
    ),
    Code(
        "MRX-5073",
        "nothing is restored over something that is there",
        "take an empty home folder and, on a server, an empty database",
    ),
    Code(
        "MRX-5074",
        "this gateway was not restored from a backup, or not since it was last compared",
        "nothing to do; see `mrx restored show`",
    ),
    Code(
        "MRX-5075",
        "the backup is not signed under a certificate that is known here",
        "give the --fingerprint of the gateway's certificate, as `mrx key list` showed it",
    ),
    # -- attempts ------------------------------------------------------------------------------
    Code("MRX-6001", "the partner did not answer", "retried by itself"),
    Code("MRX-6002", "the partner asked to wait", "retried by itself"),
    Code(
        "MRX-6004",
        "the partner turned the request away",
        "see the partner's answer in `mrx batch show`",
    ),
    Code("MRX-6005", "the partner says the batch is too large", "re-issued with fewer notices"),
    Code("MRX-6006", "the process that made the attempt died", "retried by itself"),
    # -- calls by HTTP --------------------------------------------------------------------------
    Code("MRX-7001", "who is calling is not known", "send credentials that are valid now"),
    Code("MRX-7002", "the token does not cover this", "ask for a token with the scope named"),
    Code("MRX-7003", "the request is not what this address takes", "correct the fields named"),
    Code("MRX-7004", "there is nothing here for you", "check the address"),
    Code("MRX-7005", "the address does not take this method", "use one that Allow names"),
    Code("MRX-7006", "the body is not what Content-Digest says", "send it again, whole"),
    Code(
        "MRX-7007",
        "this Idempotency-Key came before with another request",
        "use a new key for a new request",
    ),
    Code("MRX-7008", "the first request with this key is not done yet", "ask again in a moment"),
    Code("MRX-7009", "the body is in a form not taken here", "use a media type and coding named"),
    Code("MRX-7010", "the body is larger than taken", "send it in parts"),
    Code("MRX-7011", "the signature of the request does not hold", "see docs/partner-interface.md"),
    Code("MRX-7012", "the nonce of the request was used before", "sign each request anew"),
    Code(
        "MRX-7013",
        "the full list would withdraw too many and waits for approval",
        "compare it with the source; another token with the scope `approve` lets it in",
    ),
    Code("MRX-7014", "nobody approves an act of their own", "ask a second person"),
    Code("MRX-7015", "it is not in a state that allows this", "look at how it stands"),
    Code("MRX-7016", "the body did not arrive whole", "send it again"),
    Code("MRX-7017", "your role does not allow this", "ask somebody with a role named"),
    Code(
        "MRX-7018",
        "the request did not come from a page of this console",
        "open the console in this browser and try again there",
    ),
    Code("MRX-7019", "name or password is wrong", "try again; after five failures wait a while"),
    Code("MRX-7020", "too many wrong passwords for this user", "wait a quarter of an hour"),
    Code("MRX-7021", "show first who you are", "give your password again, then repeat the act"),
    Code("MRX-7022", "this act waits for a second person already", "ask them to decide"),
    Code("MRX-7023", "a reason must be given", "say in one line why"),
    Code(
        "MRX-7024", "what was typed is not what was asked for", "type it exactly as it stands there"
    ),
    Code(
        "MRX-7025",
        "the one-time password must be changed first",
        "sign in at the console and choose a password of your own",
    ),
    Code(
        "MRX-7026",
        "the identity provider cannot be reached, or says nothing useful",
        "try again soon; else ask an administrator to look at MRX_OIDC_ISSUER",
    ),
    Code(
        "MRX-7027",
        "what the identity provider answered does not hold",
        "sign in again from the start; if it stays so, ask an administrator",
    ),
    Code(
        "MRX-7028",
        "the identity provider names no role of yours here",
        "ask an administrator of the provider or of this gateway for one",
    ),
    Code(
        "MRX-7029",
        "nobody changes a role or the access of their own",
        "ask another administrator",
    ),
    Code(
        "MRX-7030",
        "passwords are not taken here",
        "sign in by the identity provider",
    ),
    Code(
        "MRX-7031",
        "the identity provider keeps this of the user",
        "change it there; it counts here from their next sign-in",
    ),
    Code("MRX-7032", "too many sign in at this moment", "try again in a moment"),
    Code(
        "MRX-7033",
        "this word counts no more",
        "take another one from the approval's page while you are signed in at the console",
    ),
    Code("MRX-7034", "too many requests with this credential", "wait as long as Retry-After says"),
    Code(
        "MRX-7035",
        "too many wrong credentials came from this address",
        "wait as long as Retry-After says, and see that yours is right",
    ),
    Code(
        "MRX-7036",
        "the request can be read in more ways than one, or in none",
        "send HTTP/1.1 as RFC 9112 has it: one length, no folded lines, lines that end in CR LF",
    ),
    # -- the gateway ---------------------------------------------------------------------------
    Code("MRX-9001", "there is no gateway here yet", "run `mrx init`"),
    Code(
        "MRX-9002", "the database has another schema than this program", "run `mrx init` to migrate"
    ),
    Code("MRX-9003", "this gateway has another home programme", "use another MRX_HOME"),
    Code(
        "MRX-9004",
        "a private key cannot be used",
        "have its file here with mode 0600, its passphrase or its token: docs/keys.md",
    ),
    Code(
        "MRX-9005", "the SQLite library is too old to be shared by processes", "install pysqlite3"
    ),
    Code("MRX-9006", "the ledger does not verify", "stop, keep everything, compare with a backup"),
    Code(
        "MRX-9007",
        "the disk or the database refused a write",
        "free space, then start again; nothing was lost",
    ),
    Code(
        "MRX-9008",
        "what was written does not read back as it was meant",
        "nothing was sent; please report it",
    ),
    Code("MRX-9010", "a setting cannot be used", "correct the environment variable it names"),
    Code(
        "MRX-9011",
        "the address cannot be served on",
        "another program may hold it; give another --port or --host",
    ),
    Code(
        "MRX-9012",
        "another process kept the database busy for too long",
        "nothing was written; try again",
    ),
    Code(
        "MRX-9013",
        "the database could not be brought to this program's schema",
        "nothing was changed; please report it",
    ),
    Code(
        "MRX-9014",
        "the database server cannot be reached",
        "start it, or correct MRX_DATABASE_URL; nothing was lost",
    ),
    Code(
        "MRX-9015",
        "the database on the server does not keep text in UTF8",
        "make one WITH ENCODING 'UTF8' TEMPLATE template0, and name it in MRX_DATABASE_URL",
    ),
    Code(
        "MRX-9016",
        "this host's clock and the gateway's disagree",
        "have all hosts keep time by NTP; receipts and consents are judged by it",
    ),
    Code(
        "MRX-9017",
        "the disk is nearly full",
        "free space now: when it is full, nothing is taken and nothing is sent",
    ),
    Code(
        "MRX-9018",
        "this is no backup of a gateway, or a damaged one",
        "take another copy of it; nothing was changed",
    ),
    Code(
        "MRX-9019",
        "a restore was not finished",
        "give `mrx restore` once more; on a server empty the database first",
    ),
    Code(
        "MRX-9999",
        "something went wrong that should not",
        "please report it with the command that shows it",
    ),
)

CODES = {code.code: code for code in _ALL}
assert len(CODES) == len(_ALL), "a code is used twice"
