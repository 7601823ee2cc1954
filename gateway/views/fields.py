"""Exactly what leaves to one partner: the four items, and each of their words (P2).

    name            as it is, or the notice is blocked (P7)
    identifiers     of the schemes that a consent text names and the agreement allows
    status          the words the agreement releases; a benefit level only where a text names tiers
    member since    a day

Nothing else leaves: a record cannot hold a fifth item.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mappers import MAPPERS, Mapper
from outbox.house import House
from schemas.agreement import Agreement
from schemas.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """One scheme of ours. `word` is what it is called in their document, None if it has no place
    there (MRX-2103); `texts` are the consent texts that name it for this partner.
    """

    scheme: str
    allowed: bool
    word: str | None
    texts: tuple[str, ...]

    @property
    def leaves(self) -> bool:
        return self.allowed and bool(self.texts) and self.word is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWord:
    """One status of ours, and the word that leaves for it; None: the agreement does not release it,
    and such a member is blocked (MRX-2204).
    """

    status: Status
    word: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What a partner is told of a member, in the document of this format."""

    format: str
    texts: tuple[str, ...]
    identifiers: tuple[Identifiers, ...]
    statuses: tuple[StatusWord, ...]
    tiers: bool
    losses: tuple[str, ...]


def of(house: House, agreement: Agreement) -> Fields:
    """What this house tells under an agreement."""
    partner = agreement.partner
    mapper = MAPPERS.get(agreement.format.partition("/")[0])
    texts = [text for text in house.texts.values() if partner in text.programmes]
    named: Mapping[str, tuple[str, ...]] = {
        scheme: tuple(sorted(text.id for text in texts if scheme in text.schemes))
        for scheme in sorted(agreement.schemes.union(*(text.schemes for text in texts)))
    }
    tiers = any(text.names_tiers for text in texts)
    return Fields(
        format=agreement.format,
        texts=tuple(sorted(text.id for text in texts)),
        identifiers=tuple(
            Identifiers(
                scheme=scheme,
                allowed=scheme in agreement.schemes,
                word=None if mapper is None else mapper.KINDS.get(scheme),
                texts=by,
            )
            for scheme, by in named.items()
        ),
        statuses=tuple(
            StatusWord(status=status, word=_word(mapper, agreement, status, tiers=tiers))
            for status in Status
        ),
        tiers=tiers,
        losses=() if mapper is None else mapper.LOSSES,
    )


def _word(
    mapper: Mapper | None, agreement: Agreement, status: Status, *, tiers: bool
) -> str | None:
    if mapper is None or status not in agreement.statuses:
        return None
    return mapper.STATUS_WORDS[status.said(tiers=tiers)]
